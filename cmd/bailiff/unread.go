package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bailiff/jails/config"
	"bailiff/jails/source"
)

// unread warns of jails that have nothing to read on this machine now. What a look without root's rights does not show
// is taken to be there.
func unread(c *config.Config) (all []config.Fault) {
	journals := openJournals{reader: c.Daemon.JournalReader, errs: map[string]error{}}
	jails := map[string][]string{} // that one cause leaves without anything to read
	for _, j := range c.Jails {
		if len(j.LogPaths) == 0 && !j.HasJournalMatch && !strings.HasPrefix(j.Backend, "systemd") {
			continue // which is said already
		}
		choice := wish(j).Choose(func() error {
			err := journals.err(j)
			if errors.Is(err, fs.ErrPermission) {
				return nil
			}
			return err
		})
		if !choice.Empty || choice.Kind == source.FromFiles && hiddenFrom(j.LogPaths) {
			continue
		}
		f := nothingToRead(j, choice)
		about := fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Message)
		if len(jails[about]) == 0 {
			all = append(all, f)
		}
		jails[about] = append(jails[about], j.Name)
	}
	for i, f := range all {
		if names := jails[fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Message)]; len(names) > 1 {
			all[i].Message += " (" + config.JailList(names, len(c.Jails)) + ")"
		}
	}
	return all
}

func nothingToRead(j *config.Jail, choice source.Choice) config.Fault {
	if choice.Kind == source.FromFiles {
		return blame(j, "logpath", "no file matches, so the jail reads nothing: "+choice.Why,
			"correct the path; a jail whose program logs to the journal needs unit or backend = systemd")
	}
	return blame(j, "backend", "the jail reads nothing: "+choice.Why, "set logpath, with backend = auto")
}

// hiddenFrom reports whether the files may lie where this user cannot look.
func hiddenFrom(paths []config.LogPath) bool {
	for _, p := range paths {
		dir := filepath.Dir(p.Glob)
		if i := strings.IndexAny(dir, "*?["); i >= 0 {
			dir = filepath.Dir(dir[:i])
		}
		if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
			return true
		}
	}
	return false
}
