package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead wants every script to come to something that a warning can say or a firewall can be asked for.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"iptables", "conditions", "programs"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			f.Fatal(err)
		}
		for c := range strings.SplitSeq(string(text), "\n%%\n") {
			commands, _, _ := strings.Cut(c, "\n=>\n")
			start, ban, _ := strings.Cut(commands, "\n@@\n")
			f.Add(start, ban)
		}
	}
	files := root()
	f.Fuzz(func(t *testing.T, start, ban string) {
		r := Read([]Script{{"actionstart", start}, {"actionban", ban}}, files)
		for _, b := range r.Blocks {
			if len(b.Chains) == 0 || len(b.Protocols) == 0 || b.Wide < 0 || b.Wide > 128 {
				t.Errorf("%+v", b)
			}
		}
	})
}
