package main

import (
	"io/fs"
	"regexp"
	"strings"
	"time"

	"bailiff/jails/filter"
)

// A textFile is a file made of text.
type textFile struct {
	*strings.Reader
	name string
}

// Close does nothing.
func (f *textFile) Close() error { return nil }

// Stat describes the file.
func (f *textFile) Stat() (fs.FileInfo, error) { return textInfo{f}, nil }

type textInfo struct{ *textFile }

func (i textInfo) Name() string     { return i.name }
func (textInfo) Mode() fs.FileMode  { return 0o444 }
func (textInfo) ModTime() time.Time { return time.Time{} }
func (textInfo) IsDir() bool        { return false }
func (textInfo) Sys() any           { return nil }

// givenOption is one option of a filter as the command line gives it.
var givenOption = regexp.MustCompile(`([\pL\pN_\-.]+)=(?:"([^"]*)"|'([^']*)'|([^,\]]*))`)

// optionsRepr writes the filter's options as Python prints a dictionary.
func (f *filterTree) optionsRepr(options string) string {
	var pairs []string
	for _, m := range givenOption.FindAllStringSubmatch(options, -1) {
		pairs = append(pairs, filter.Repr(m[1])+": "+filter.Repr(strings.TrimSpace(m[2]+m[3]+m[4])))
	}
	if pairs == nil {
		return ""
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
