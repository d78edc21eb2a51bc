package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bailiff/filefollow"
	"bailiff/jails/config"
	"bailiff/packaging"
)

// configRoot says where the configuration lies: in dir, else in /etc/bailiff where there is one, else in the program.
func configRoot(dir string) (root fs.FS, at string) {
	if dir == "" {
		if isEmbedded(dir) {
			return packaging.Conf(), "/"
		}
		dir = defaultConfig
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return os.DirFS("/"), dir
}

// isEmbedded reports whether the configuration is the one in the program. A directory that cannot be looked at is there.
func isEmbedded(dir string) bool {
	_, err := os.Stat(defaultConfig)
	return dir == "" && errors.Is(err, fs.ErrNotExist)
}

// loadConfig reads the configuration that the flag names. With an error, which is all that is wrong with it, it is what
// can run all the same.
func loadConfig(dir string) (*config.Config, error) {
	root, dir := configRoot(dir)
	return loadFrom(root, dir)
}

func loadFrom(root fs.FS, dir string) (*config.Config, error) {
	c, _ := config.Load(root, dir)
	for _, left := range unfit(c) {
		c.LeaveOut(left.Name, left.Faults)
	}
	for _, j := range c.Jails {
		if note := filefollow.DescribeEncoding(j.LogEncoding); note != "" && len(j.LogPaths) > 0 {
			c.Warnings = append(c.Warnings, blame(j, "logencoding", note, "addresses are ASCII; convert the log where more is needed"))
		}
	}
	if len(c.Faults) > 0 {
		return c, c.Faults
	}
	return c, nil
}

// unfit tells what the firewall or the reader of files would not take.
func unfit(c *config.Config) (all []config.LeftOut) {
	for _, j := range c.Jails {
		if faults := append(unfitForFirewall(j), unfitForReading(j)...); len(faults) > 0 {
			all = append(all, config.LeftOut{Name: j.Name, Faults: faults})
		}
	}
	return all
}

func unfitForFirewall(j *config.Jail) (faults config.Faults) {
	err := spec(j).Check()
	if err == nil || j.Firewall.Kind == "none" {
		return nil
	}
	for message := range strings.Lines(err.Error()) {
		option, _, _ := strings.Cut(strings.ReplaceAll(message, ":", ""), " ")
		hint := "give the jail another name"
		if option == "port" || option == "protocol" || option == "blocktype" {
			hint = "look at port, protocol and blocktype of the jail and its action"
		}
		faults = append(faults, blame(j, option, strings.TrimSpace(message), hint))
	}
	return faults
}

func unfitForReading(j *config.Jail) config.Faults {
	err := filefollow.CheckEncoding(j.LogEncoding)
	if err == nil {
		return nil
	}
	return config.Faults{blame(j, "logencoding", err.Error(), "write a name such as utf-8, latin1 or cp1252, or auto")}
}

// blame makes a fault of the jail's own option, or of the jail as a whole: what is wrong may stand in its action.
func blame(j *config.Jail, option, message, hint string) config.Fault {
	fault, ok := j.Places[option]
	if !ok {
		fault = j.Place
	} else if rest, ok := strings.CutPrefix(message, option); ok { // it need not be named twice
		message = strings.TrimLeft(rest, ": ")
	}
	fault.Message, fault.Hint = message, hint
	return fault
}
