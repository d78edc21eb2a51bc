package config

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// BenchmarkStockJails reads every stock jail of Debian's fail2ban: as the command stream, as jails ready to run with all
// their regexes compiled, and with fail2ban-client -d.
func BenchmarkStockJails(b *testing.B) {
	dir := stock(b)
	b.Run("dump", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := DumpFail2ban(os.DirFS("/"), dir, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Load(os.DirFS("/"), dir); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fail2ban-client", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command("/usr/bin/fail2ban-client", "-c", dir, "-d").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
