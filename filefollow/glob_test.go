package filefollow

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var globNames = []string{"log", "a.log", "b.log", ".a.log", "[x].log", "a-b", "a]b", "a!b", "a^b", `a\b`, "ab", "a", "-", "]", "!", "^", `\`, "é"}

// TestGlobsAsPython compares what patterns match with Python's glob, for a directory of odd names.
func TestGlobsAsPython(t *testing.T) {
	f := newTail(t)
	for _, n := range globNames {
		f.write(n, "")
	}
	for _, p := range []string{"*", "*.log", ".*", "?", "[a]*", "[!a]*", "[^a]*", "[x", "[x].log", "[[]x[]].log", "a[-!]b",
		"a[!-]b", "a[]]b", "a[!]]b", `a\b`, `a[\]b`, `a*\b`, "[a-c]*", "[]-a]", "a**", "*[!g]", "[!]", "[]"} {
		out, err := exec.Command("python3", "-c", "import glob,sys\nfor p in sorted(glob.glob(sys.argv[1])): print(p)", f.path(p)).Output()
		f.do(err)
		var want, got []string
		if s := strings.TrimSuffix(string(out), "\n"); s != "" {
			want = strings.Split(s, "\n")
		}
		pattern, err := parsePattern(f.path(p))
		f.do(err)
		pattern.expand(func(path string) {
			if pattern.wild || slices.Contains(globNames, p) {
				got = append(got, path)
			}
		}, func(string) {})
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s matches %q, Python says %q", p, got, want)
		}
		if first := First(f.path(p)); first != strings.SplitN(string(out), "\n", 2)[0] {
			t.Errorf("%s matches %q first, Python says %q", p, first, want)
		}
		for _, n := range globNames {
			at, _ := pattern.match(split(f.path(n)))
			if at != slices.Contains(want, f.path(n)) {
				t.Errorf("%s matches %s: %v", p, n, at)
			}
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("/var/log/*.log", "/var/log/a.log")
	f.Add("/[!a-]/[", "/b/[")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, err := parsePattern(pattern)
		if err != nil {
			return
		}
		at, below := p.match(split(path))
		if at && below {
			t.Errorf("%q matches at and below %q", pattern, path)
		}
	})
}

func TestRank(t *testing.T) {
	for _, c := range []struct {
		log, name string
		dated     bool
		order     []int // nil: not a rotated form
	}{
		{"log", "log.1", false, []int{-1}},
		{"log", "log.12", false, []int{-12}},
		{"log", "log.old", false, []int{-1}},
		{"log", "log-1", false, nil},
		{"log", "log-20261122", true, []int{20261122}},
		{"log", "log-20261122-1795361072", true, []int{20261122, 1795361072}},
		{"log", "log.2026-11-22_10:00", true, []int{2026, 11, 22, 10, 0}},
		{"a.log", "a.log.1", false, []int{-1}},
		{"a.log", "a.1.log", false, []int{-1}},
		{"a.log", "a-20261122.log", true, []int{20261122}},
		{"a.log", "a-1.log", false, nil},
		{"a.log", "ab-20261122.log", false, nil},
		{"a.log", "a.log.1.gz", false, nil},
		{"a.log", "a.log", false, nil},
		{"a.log", "a.log.", false, nil},
		{"a.log", "a.log.99999999999999999999", false, nil},
	} {
		dated, order, ok := rank(c.log, c.name)
		if ok != (c.order != nil) || ok && (dated != c.dated || !slices.Equal(order, c.order)) {
			t.Errorf("rank(%s, %s) = %v, %v, %v", c.log, c.name, dated, order, ok)
		}
	}
}
