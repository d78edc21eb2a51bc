package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"bailiff/firewall/firewalltest"
)

// TestNewcomer does what README.md says, with the files that stand there, on a machine of its own.
func TestNewcomer(t *testing.T) {
	top, err := filepath.Abs("../..")
	must(t, err)
	lab := firewalltest.New(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/newcomer",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("NOW", time.Now().UTC().Format(time.DateTime))
			e.Setenv("TOP", top)
			e.Setenv("BOX", lab.Box.Name)
			e.Setenv("XTABLES_LOCKFILE", os.Getenv("XTABLES_LOCKFILE"))
			out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOROOT").Output()
			if err != nil {
				return err
			}
			dirs := strings.Fields(string(out))
			e.Setenv("GOCACHE", dirs[0])
			e.Setenv("GOMODCACHE", dirs[1])
			e.Setenv("PATH", dirs[2]+"/bin:"+e.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"await": await, "expand": expand, "until": until, "readme": readme,
		},
	})
}

// readme TEXT FILE writes the example of README.md that has a line with the text, on a machine whose logs lie in $WORK.
func readme(ts *testscript.TestScript, _ bool, args []string) {
	var example strings.Builder
	for line := range strings.Lines(ts.ReadFile(filepath.Join(ts.Getenv("TOP"), "README.md")) + "\nend\n") {
		if inside, indented := strings.CutPrefix(line, "    "); indented || line == "\n" {
			example.WriteString(inside)
			continue
		}
		if strings.Contains(example.String(), args[0]) {
			found := strings.ReplaceAll(strings.TrimLeft(example.String(), "\n"), "/var/log", ts.Getenv("WORK"))
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(found), 0o600))
			return
		}
		example.Reset()
	}
	ts.Fatalf("README.md has no example with %s", args[0])
}
