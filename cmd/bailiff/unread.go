package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bailiff/jails/config"
	"bailiff/jails/source"
)

// unread warns of jails that have nothing to read on this machine now, once of what several lack.
// What a look without root's rights does not show is taken to be there.
func unread(c *config.Config) (all []config.Fault) {
	journals := openJournals{reader: c.Daemon.JournalReader, errs: map[string]error{}}
	jails := map[string][]string{} // by what they lack
	for _, j := range c.Jails {
		choice := wish(j).Choose(func() error {
			err := journals.err(j)
			if errors.Is(err, fs.ErrPermission) {
				return nil
			}
			return err
		})
		if dir := directory(j); dir != "" && choice.Kind == source.FromFiles {
			all = append(all, blame(j, "logpath", dir+" is a directory, and no file in it is read",
				"write "+strings.TrimRight(dir, "/")+"/*.log, or the name of a file"))
		}
		if !choice.Empty || choice.Kind == source.FromFiles && hiddenFrom(j.LogPaths) || readsNothing(j) {
			continue
		}
		f := nothingToRead(j, choice)
		if len(jails[f.Message]) == 0 {
			all = append(all, f)
		}
		jails[f.Message] = append(jails[f.Message], j.Name)
	}
	for i, f := range all {
		if names := jails[f.Message]; len(names) > 1 {
			all[i].Message += " (" + config.JailList(names, len(c.Jails)) + ")"
		}
	}
	return all
}

// directory is a path of the jail's logpath that is one, "" where none is.
func directory(j *config.Jail) string {
	for _, p := range j.LogPaths {
		if info, err := os.Stat(p.Glob); err == nil && info.IsDir() {
			return p.Glob
		}
	}
	return ""
}

// readsNothing reports whether the jail names nothing to read at all, of which its configuration is
// warned already.
func readsNothing(j *config.Jail) bool {
	return len(j.LogPaths) == 0 && !j.HasJournalMatch && !strings.HasPrefix(j.Backend, "systemd")
}

func nothingToRead(j *config.Jail, choice source.Choice) config.Fault {
	if choice.Kind != source.FromFiles {
		return blame(j, "backend", "the jail reads nothing: "+choice.Why,
			"set logpath, with backend = auto")
	}
	var globs []string
	for _, p := range j.LogPaths {
		globs = append(globs, p.Glob)
	}
	return blame(j, "logpath", "the jail reads nothing: no file matches "+strings.Join(globs, " or "),
		pathHint(globs))
}

// pathHint is how to mend paths that match no file. Several on a line are one path with blanks in it.
func pathHint(globs []string) string {
	for _, g := range globs {
		switch parts := strings.FieldsFunc(g, func(r rune) bool { return strings.ContainsRune(" \t,;", r) }); {
		case len(parts) > 1 && strings.HasPrefix(parts[1], "/"):
			return "write each path on a line of its own, indented below the first"
		case strings.HasPrefix(g, `"`), strings.HasPrefix(g, "'"):
			return "write it without quotes: " + strings.Trim(g, `"'`)
		case strings.HasPrefix(g, "$("), strings.HasPrefix(g, "${"):
			return "a reference is written %(option)s"
		case strings.ContainsAny(g, "{}"):
			return "braces stand for themselves: write each path on a line of its own, indented below the first"
		case strings.HasPrefix(g, "~"), strings.HasPrefix(g, "$"):
			return "write the whole path: ~ and variables stand for themselves"
		case strings.HasPrefix(g, "file:"):
			return "write the path alone: " + strings.TrimPrefix(strings.TrimPrefix(g, "file:"), "//")
		}
	}
	return "correct the path, or set unit where the program logs to the journal"
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
