package main

import (
	"cmp"
	"encoding/json"
	"io"
	"log/slog"

	"bailiff/cmd/internal/control"
	"bailiff/cmd/internal/logging"
)

const (
	defaultConfig = "/etc/bailiff"
	defaultState  = "/var/lib/bailiff"
	defaultSocket = "/run/bailiff/bailiff.sock"
	defaultListen = "127.0.0.1:9191"
)

// client is how a command asks the daemon.
func (s *settings) client() *control.Client {
	if s.socket != "" {
		return control.NewClient(s.socket)
	}
	return control.NewClient(s.configuredSocket())
}

// printJSON writes v as indented JSON.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// configuredSocket is the socket that the configuration names, which may have faults: there may be a daemon all the same.
func (s *settings) configuredSocket() string {
	c, _ := loadConfig(s.config)
	return cmp.Or(c.Daemon.Socket, defaultSocket)
}

// logLevel is the level that the flags ask for, else the configured one.
func (f runFlags) logLevel(configured string) slog.Level {
	switch {
	case f.quiet:
		return slog.LevelWarn
	case f.verbose > 0:
		return slog.LevelDebug
	}
	level, err := logging.ParseLevel(cmp.Or(configured, "INFO"))
	if err != nil {
		return slog.LevelInfo
	}
	return level
}
