package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manual finds what a page in mdoc describes: the names after .It Ic and .Ic, several of them parted by commas.
var manual = regexp.MustCompile(`(?m)^\.(?:It )?Ic (.*)$`)

// Whoever meets an option in a file must find it in the manual.
func TestManualNamesEveryOption(t *testing.T) {
	described := map[string]bool{}
	for _, page := range []string{"bailiff-jail.conf.5", "bailiff-filter.5", "bailiff.conf.5"} {
		text, err := os.ReadFile("../../packaging/man/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range manual.FindAllStringSubmatch(string(text), -1) {
			for _, name := range strings.Fields(m[1]) {
				described[name] = true
			}
		}
	}
	for _, o := range slices.Concat(jailOptions, ownOptions, privateOptions) {
		if !described[o.name] {
			t.Errorf("no manual page describes the option %s", o.name)
		}
	}
}
