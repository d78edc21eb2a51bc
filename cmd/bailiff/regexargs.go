package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// hostTag is in every regex and in hardly any log's name.
var hostTag = regexp.MustCompile(`<(HOST|ADDR|IP4|IP6|DNS|SUBNET|CIDR|F-[A-Z0-9_]+)[/>]|\(\?P<host>`)

// misplaced notices an argument that is empty, that the filter or regex stands where the log is to stand, and a journal match
// where there is none.
func misplaced(f *regexFlags, args []string) error {
	log, text := args[0], args[1]
	if log == "" || text == "" { // of a script whose variable is not set
		return errors.New("LOG or FILTER is empty")
	}
	if f.journalmatch != "" && !strings.HasPrefix(log, "systemd-journal") {
		return errors.New("--journalmatch is for systemd-journal as LOG, and chooses nothing here")
	}
	if !isFile(text) && text != "-" && !strings.HasPrefix(text, "systemd-journal") {
		return nil
	}
	t := newRegexTest(f, nil, nil)
	name, _, _ := strings.Cut(log, "[")
	isFilter := filterName.MatchString(log) && t.find(name) != nil && (isFilterFile(name) || !isFile(log))
	if !isFilter && (isFile(log) || !hostTag.MatchString(log)) || isFilterFile(text) && isFile(log) {
		return nil
	}
	return fmt.Errorf("the log comes first, then the filter: bailiff regex %s '%s'", text, log)
}

// isFilterFile reports whether a file is called as filters are.
func isFilterFile(file string) bool {
	ext := path.Ext(file)
	return ext == ".conf" || ext == ".local"
}

// noSuchLog says that LOG looks like a file and is none.
func noSuchLog(log string) error {
	if info, err := os.Stat(log); err == nil && info.IsDir() {
		return errors.New(log + " is a directory; a log is a file")
	}
	if strings.ContainsAny(log, " \n") {
		return nil // a line
	}
	if path.Ext(log) == ".log" || strings.HasPrefix(log, "./") || strings.HasPrefix(log, "../") {
		return errors.New(log + ": there is no such file")
	}
	return nil
}
