package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bailiff/filefollow"
	"bailiff/firewall"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/store"
	"bailiff/packaging"
)

// configRoot says where the configuration lies: in dir, else in /etc/bailiff where there is one, else in the program.
func configRoot(dir string) (fs.FS, string) {
	if dir == "" {
		if _, err := os.Stat(defaultConfig); err != nil {
			return packaging.Conf(), "/"
		}
		dir = defaultConfig
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return os.DirFS("/"), dir
}

// loadConfig reads the configuration that the flag names.
func loadConfig(dir string) (*config.Config, error) {
	root, dir := configRoot(dir)
	c, err := config.Load(root, dir)
	if err != nil {
		return nil, err
	}
	return c, check(c)
}

// check tells what the firewall or the reader of files would not take, and blames the jail's own option, or the jail as a
// whole: what is wrong may stand in its action.
func check(c *config.Config) error {
	var faults config.Faults
	for _, j := range c.Jails {
		blame := func(option, message, hint string) {
			fault, ok := j.Places[option]
			if !ok {
				fault = j.Place
			} else if rest, ok := strings.CutPrefix(message, option); ok { // it need not be named twice
				message = strings.TrimLeft(rest, ": ")
			}
			fault.Message, fault.Hint = message, hint
			faults = append(faults, fault)
		}
		if err := spec(j).Check(); err != nil && j.Firewall.Kind != "none" {
			for message := range strings.Lines(err.Error()) {
				option, _, _ := strings.Cut(strings.ReplaceAll(message, ":", ""), " ")
				hint := "give the jail another name"
				if option == "port" || option == "protocol" || option == "blocktype" {
					hint = "look at port, protocol and blocktype of the jail and its action"
				}
				blame(option, strings.TrimSpace(message), hint)
			}
		}
		if err := filefollow.CheckEncoding(j.LogEncoding); err != nil {
			blame("logencoding", err.Error(), "write a name such as utf-8, latin1 or cp1252, or auto")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

// specs says what the kernel is to block for each jail.
func specs(c *config.Config) (all []firewall.Spec) {
	for _, j := range c.Jails {
		if j.Firewall.Kind != "none" {
			all = append(all, spec(j))
		}
	}
	return all
}

func spec(j *config.Jail) firewall.Spec {
	f := j.Firewall
	return firewall.Spec{Jail: j.Name, Ports: f.Ports, AllPorts: f.Kind == "allports", Protocols: f.Protocols, Chains: f.Chains,
		BlockType: f.BlockType, Log: f.Log, KeepConnections: f.KeepConnections, Egress: f.Egress}
}

// savedBans is the store as the jails see it.
type savedBans struct{ *store.Store }

// Save remembers the bans.
func (s savedBans) Save(ctx context.Context, bans []event.Ban) error {
	return s.Store.Save(ctx, bans, nil)
}
