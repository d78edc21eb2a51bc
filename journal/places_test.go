package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	thisMachine  = "3d1219c7c4c5404aaa1f6d2a48adfda4"
	otherMachine = "d02f4bc1d13d40eea41b61fefd56fd5e"
)

func TestOwnDirectories(t *testing.T) {
	names := []string{thisMachine, thisMachine + ".web", thisMachine + ".db", otherMachine, "remote", "."}
	for _, test := range []struct {
		machine, namespace string
		want               []string
	}{
		{thisMachine, "", names[:1]},
		{thisMachine, "web", names[1:2]},
		{thisMachine, "+web", names[:2]},
		{thisMachine, "*", names[:3]},
		{thisMachine, "none", nil},
		{"", "", []string{thisMachine, otherMachine}},
	} {
		got := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !ownDir(test.machine, test.namespace, name) })
		if diff := cmp.Diff(test.want, got, equalNil); diff != "" {
			t.Errorf("machine %q, namespace %q: %s", test.machine, test.namespace, diff)
		}
	}
}

// TestMachineThatGetsAnotherID looks for the machine's directory anew at each scan.
func TestMachineThatGetsAnotherID(t *testing.T) {
	dir, machine := t.TempDir(), thisMachine
	for _, m := range []string{thisMachine, otherMachine} {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, m), 0o755), os.WriteFile(filepath.Join(dir, m, "system.journal"), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	p := places{roots: []string{dir}, subdir: func(name string) bool { return ownDir(machine, "", name) }}
	for _, machine = range []string{thisMachine, otherMachine} {
		if got, _, err := p.scan(); err != nil || len(got) != 1 || filepath.Base(filepath.Dir(got[0])) != machine {
			t.Errorf("%s: %v, %v", machine, got, err)
		}
	}
}

var equalNil = cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })

func TestScanFindsWhatLibsystemdWould(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.journal", "a.journal.zst", "text", thisMachine + "/system.journal", thisMachine + "/system@1-2-3.journal",
		thisMachine + "/user-1000.journal", thisMachine + "/system@0006-07.journal~", thisMachine + ".web/system.journal",
		"remote/b.journal", thisMachine + "/deeper/c.journal"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := thisMachine
	for _, test := range []struct {
		o    Options
		want []string
	}{
		{Options{Dir: dir}, []string{"a.journal", m + "/system.journal", m + "/system@0006-07.journal~",
			m + "/system@1-2-3.journal", m + "/user-1000.journal"}},
		{Options{Dir: dir, Flags: System}, []string{m + "/system.journal", m + "/system@0006-07.journal~",
			m + "/system@1-2-3.journal"}},
		{Options{Dir: filepath.Join(dir, "remote")}, []string{"remote/b.journal"}},
		{Options{Dir: filepath.Join(dir, m+".web")}, []string{m + ".web/system.journal"}},
		{Options{Files: []string{filepath.Join(dir, m, "*@*.journal"), filepath.Join(dir, "a*")}}, []string{"a.journal", "a.journal.zst", m + "/system@1-2-3.journal"}},
		{Options{Dir: filepath.Join(dir, "none")}, nil},
	} {
		p := test.o.places()
		got, _, err := p.scan()
		if err != nil {
			t.Error(err)
		}
		for i := range got {
			got[i], _ = filepath.Rel(dir, got[i])
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if diff := cmp.Diff(test.want, got, equalNil); diff != "" {
			t.Errorf("%+v: %s", test.o, diff)
		}
	}
}
