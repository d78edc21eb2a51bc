package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnUnknownEncodingIsAFault loads jails whose files can be read, or not, as their logencoding says.
func TestAnUnknownEncodingIsAFault(t *testing.T) {
	for encoding, want := range map[string]string{
		"klingon": `jail.conf:6: [f] logencoding: unknown encoding "klingon"`, "latin1": "", "CP1252": "", "auto": "",
	} {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "filter.d"), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "filter.d/f.conf"), []byte("[Definition]\nfailregex = ^bad <HOST>$\n"), 0o644))
		jail := "[DEFAULT]\nlogpath = /x\n[f]\nenabled = true\nfilter = f\nlogencoding = " + encoding + "\n"
		must(t, os.WriteFile(filepath.Join(dir, "jail.conf"), []byte(jail), 0o644))
		_, err := loadConfig(dir)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", encoding, err, want)
		}
	}
}
