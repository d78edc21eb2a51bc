package match

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A recordedSearch is one search that fail2ban's own tests make, with Python's answer.
type recordedSearch struct {
	Expr  string
	Flags Flags
	Text  string
	Caps  []int
}

// A filterPattern is a pattern of one of fail2ban's filters, in its default form.
type filterPattern struct {
	Name   string
	Option string
	Index  int
	Expr   string
	Flags  Flags
}

func (f filterPattern) String() string { return f.Name + " " + f.Option + " " + strconv.Itoa(f.Index) }

// fromPython runs a script of testdata and decodes the lines it prints.
func fromPython[T any](t testing.TB, script string) []T {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "testdata/"+script).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%s: %v\n%s", script, err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []T
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var v T
		if err := dec.Decode(&v); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
}

// TestRecorded repeats every search of fail2ban's own tests.
func TestRecorded(t *testing.T) {
	searches := fromPython[recordedSearch](t, "record.py")
	if len(searches) < 7725 {
		t.Errorf("%d searches recorded, want at least 7725", len(searches))
	}
	patterns := map[string]*Pattern{}
	var s Scratch
	steps := 0
	for _, r := range searches {
		p := patterns[r.Expr]
		if p == nil {
			var err error
			if p, err = Compile(r.Expr, r.Flags); err != nil {
				t.Fatalf("Compile(%q) = %v", r.Expr, err)
			}
			patterns[r.Expr] = p
		}
		got, err := p.Search(&s, []byte(r.Text), 0)
		steps = max(steps, s.Steps())
		if err != nil || !slices.Equal(got, r.Caps) {
			t.Errorf("{%q, %d, %q, %#v}, // got %v %v", r.Expr, r.Flags, r.Text, r.Caps, got, err)
		}
		if got, ok := searchLinear(p, &s, []byte(r.Text), 0); ok && !slices.Equal(got, r.Caps) {
			t.Errorf("{%q, %d, %q, %#v}, // linear: got %v", r.Expr, r.Flags, r.Text, r.Caps, got)
		}
	}
	t.Logf("%d searches with %d patterns, at most %d steps", len(searches), len(patterns), steps)
}

// TestNoLinearSearch names every pattern of Debian's filters that is given up when the budget runs out: those with
// backreferences.
func TestNoLinearSearch(t *testing.T) {
	var got []string
	for _, f := range fromPython[filterPattern](t, "filters.py") {
		p, err := Compile(f.Expr, f.Flags)
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		if !p.prog.linear {
			got = append(got, f.String())
		}
	}
	want := []string{
		"mongodb-auth failregex 0",
		"openwebmail failregex 0",
		"openwebmail failregex 1",
		"roundcube-auth failregex 0",
		"selinux-ssh failregex 0",
		"sendmail-reject failregex 0",
		"slapd failregex 0",
		"stunnel failregex 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestHostileLines stretches lines that Debian's filters match to 64 KB, by repeating a part of them. Every line must be
// decided by every pattern that has a linear search.
func TestHostileLines(t *testing.T) {
	variants := 2
	if testing.Short() {
		variants = 1
	}
	r := rand.New(rand.NewPCG(*seed, 2))
	t.Logf("-seed %d", *seed)
	patterns := map[string]*Pattern{}
	var s Scratch
	steps, given, searches := 0, 0, 0
	for _, rec := range fromPython[recordedSearch](t, "record.py") {
		if rec.Caps == nil || patterns[rec.Expr] != nil {
			continue
		}
		p, err := Compile(rec.Expr, rec.Flags)
		if err != nil {
			t.Fatal(err)
		}
		patterns[rec.Expr] = p
		for range variants {
			line := stretch(r, rec.Text)
			_, err := p.Search(&s, []byte(line), 0)
			searches++
			steps = max(steps, s.Steps())
			if err != nil {
				given++
			}
			if err != nil && p.prog.linear {
				t.Errorf("%q on %d bytes %q…: %v", rec.Expr, len(line), line[:min(200, len(line))], err)
			}
		}
	}
	t.Logf("%d searches, %d given up, at most %d steps", searches, given, steps)
}

func stretch(r *rand.Rand, text string) string {
	runes := []rune(text)
	from := r.IntN(len(runes))
	to := from + 1 + r.IntN(min(40, len(runes)-from))
	part := string(runes[from:to])
	return string(runes[:from]) + strings.Repeat(part, (longLine-len(text))/len(part)) + string(runes[to:])
}
