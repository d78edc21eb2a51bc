package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiff/jails/config"
)

// TestAnUnknownEncodingIsAFault loads jails whose files can be read, or not, as their logencoding says.
func TestAnUnknownEncodingIsAFault(t *testing.T) {
	for encoding, want := range map[string]string{
		"klingon": `jail.conf:6: [f] logencoding: unknown encoding "klingon"`, "latin1": "", "CP1252": "", "auto": "",
		"utf-8-sig": "", "ISO 8859-15": "", "koi8-r": "", "mac_roman": "", "UTF_16": "", "cp737": "", "johab": "", "AUTO": "",
	} {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "filter.d"), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "filter.d/f.conf"), []byte("[Definition]\nfailregex = ^bad <HOST>$\n"), 0o644))
		jail := "[DEFAULT]\nlogpath = /x\n[f]\nenabled = true\nfilter = f\nlogencoding = " + encoding + "\n"
		must(t, os.WriteFile(filepath.Join(dir, "jail.conf"), []byte(jail), 0o644))
		c, err := loadConfig(dir)
		noted := strings.Contains(config.Faults(c.Warnings).Error(), "[f] logencoding: there is no table for "+encoding)
		if noted != (encoding == "cp737" || encoding == "johab") {
			t.Errorf("%s: %v", encoding, c.Warnings)
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", encoding, err, want)
		}
	}
}
