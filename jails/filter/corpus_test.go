package filter

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/match"
)

// directive is a comment in a sample file that says something of the lines after it.
var directive = regexp.MustCompile(`^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$`)

// A sample is one line of fail2ban's sample logs with what is expected of it, under one set of options.
type sample struct {
	place    string
	line     string
	want     map[string]any
	filter   string
	instance string // lines of one instance share a matcher
	options  wanted
	journal  bool
}

// TestCorpus runs fail2ban's sample logs through its own filters: every annotated line agrees and no other matches.
func TestCorpus(t *testing.T) {
	samples := readSamples(t)
	annotated := 0
	var all []wanted
	for _, s := range samples {
		if !slices.Contains(all, s.options) {
			all = append(all, s.options)
		}
	}
	defs := definitions(t, all)
	matchers, used := map[string]*Matcher{}, map[string]map[int]bool{}
	for _, s := range samples {
		if s.want != nil {
			annotated++
		}
		m := matchers[s.instance]
		if m == nil {
			m = sampleMatcher(t, defs[s.options])
			matchers[s.instance], used[s.instance] = m, map[int]bool{}
		}
		checkSample(t, s, m, used[s.instance])
	}
	if len(samples) < 1300 || annotated < 1290 {
		t.Errorf("%d samples, %d annotated: the corpus has shrunk", len(samples), annotated)
	}
	checkUsed(t, matchers, used)
	t.Logf("%d lines, %d of them annotated, %d instances", len(samples), annotated, len(matchers))
}

func checkSample(t *testing.T, s sample, m *Matcher, used map[int]bool) {
	t.Helper()
	l := event.Line{Text: match.Valid(nil, []byte(s.line))}
	now := time.Unix(sampleNow, 0)
	if s.journal {
		l.Time = now
	}
	var found []Match
	for _, x := range m.Match(l, now) {
		used[x.Regex] = true
		if !x.Pending && !x.NoFail {
			found = append(found, x)
		}
	}
	expected, _ := s.want["match"].(bool)
	if len(found) > 1 || (len(found) == 1) != expected {
		t.Errorf("%s: %s: %d matches, want match: %v\n%s", s.place, s.instance, len(found), expected, s.line)
		return
	}
	if expected {
		checkExpectation(t, s, found[0])
	}
}

func checkExpectation(t *testing.T, s sample, x Match) {
	t.Helper()
	for key, want := range s.want {
		var got any
		switch value, ok := x.Fields[key]; {
		case slices.Contains([]string{"match", "desc", "constraint"}, key):
			continue
		case key == "time":
			checkTime(t, s, x)
			continue
		case key == "users":
			want, got = setRepr(texts(want)), value
		case ok:
			got = value
		case key == "host":
			got, want = x.ID, parse(want.(string), false).String() // 2001:DB8::1 is 2001:db8::1
		case key == "attempts":
			got = float64(len(x.Lines))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s: %s is %v, want %v\n%s", s.place, s.instance, key, got, want, s.line)
		}
	}
}

func checkTime(t *testing.T, s sample, x Match) {
	t.Helper()
	if s.want["time"] == nil {
		return
	}
	want, err := time.ParseInLocation("2006-1-2T15:04:05", s.want["time"].(string), time.Local)
	if err != nil {
		t.Fatalf("%s: %v", s.place, err)
	}
	if !x.Time.Truncate(time.Microsecond).Equal(want) {
		t.Errorf("%s: %s: time %v, want %v\n%s", s.place, s.instance, x.Time, want, s.line)
	}
}

// checkUsed demands that every failregex hit some line, in its instance or in another of the same regex.
func checkUsed(t *testing.T, matchers map[string]*Matcher, used map[string]map[int]bool) {
	t.Helper()
	hit := map[string]bool{}
	for instance, m := range matchers {
		for i := range used[instance] {
			hit[m.filter.fail[i].source] = true
		}
	}
	for instance, m := range matchers {
		for i, r := range m.filter.fail {
			if !hit[r.source] {
				t.Errorf("%s: no line for failregex %d", instance, i)
			}
		}
	}
}

func readSamples(t *testing.T) (samples []sample) {
	t.Helper()
	names, err := filepath.Glob(sampleDir + "/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sample logs in %s: %v", sampleDir, err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() && hasFilter(filepath.Base(name)) {
			r := sampleReader{t: t, filter: filepath.Base(name)}
			r.read(filepath.Base(name))
			samples = append(samples, r.samples...)
		}
	}
	return samples
}

// hasFilter tells whether a sample file is a filter's own and not one that others add.
func hasFilter(name string) bool {
	_, err := os.Stat("/etc/fail2ban/filter.d/" + name + ".conf")
	return err == nil || strings.HasPrefix(name, "zzz-")
}

// A sampleReader reads the samples of one filter.
type sampleReader struct {
	t       *testing.T
	filter  string
	common  map[string]any
	sets    []map[string]any // the option sets for the lines to come
	blocked bool
	samples []sample
}

func (r *sampleReader) read(name string) {
	text, err := os.ReadFile(filepath.Join(sampleDir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	var more []string
	var want map[string]any
	for i, line := range strings.Split(string(text), "\n") {
		place := fmt.Sprintf("%s:%d", name, i+1)
		line = strings.TrimRight(line, "\r\n")
		m := directive.FindStringSubmatch(line)
		switch {
		case want != nil:
			r.add(place, line, want)
			want = nil
		case m != nil && m[1] == "failJSON":
			r.decode(place, m[2], &want)
		case m != nil && m[1] == "addFILE":
			var name string
			r.decode(place, m[2], &name)
			more = append(more, name)
		case m != nil:
			r.options(place, m[1], m[2])
		case !r.blocked && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "":
			r.add(place, line, nil)
		}
	}
	for _, name := range more {
		r.read(name)
	}
}

func (r *sampleReader) decode(place, text string, v any) {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		r.t.Fatalf("%s: %v", place, err)
	}
}

// options handles fileOptions and filterOptions. The only condition there is compares the filter's name.
func (r *sampleReader) options(place, kind, text string) {
	if kind == "fileOptions" {
		r.decode(place, text, &r.common)
		return
	}
	r.sets, r.blocked = nil, false
	var sets []map[string]any
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		r.decode(place, text, &sets)
	} else {
		sets = make([]map[string]any, 1)
		r.decode(place, text, &sets[0])
	}
	for _, s := range sets {
		merged := map[string]any{}
		for _, from := range []map[string]any{r.common, s} {
			for k, v := range from {
				merged[k] = v
			}
		}
		if c, ok := merged["test.condition"]; ok {
			r.blocked = c != fmt.Sprintf("name=='%s'", r.filter)
		}
		if !r.blocked {
			r.sets = append(r.sets, merged)
		}
	}
}

func (r *sampleReader) add(place, line string, want map[string]any) {
	if r.blocked {
		return
	}
	if len(r.sets) == 0 {
		r.sets = []map[string]any{{}}
	}
	for _, o := range r.sets {
		if !r.holds(want["constraint"], o) {
			continue
		}
		given := map[string]any{}
		for k, v := range o {
			if !strings.HasPrefix(k, "test.") {
				given[k] = v
			}
		}
		text, err := json.Marshal(given)
		if err != nil {
			r.t.Fatal(err)
		}
		s := sample{place: place, line: line, want: want, filter: r.filter, options: wanted{r.filter, string(text)}}
		s.instance, _ = o["test.filter-name"].(string)
		s.instance = r.filter + " " + s.instance + string(text)
		if s.journal = o["logtype"] == "journal"; s.journal {
			// As in the original, a prefix stays for the option sets that follow.
			prefix, _ := o["test.prefix-line"].(string)
			line = prefix + line
			s.line = line
		}
		r.samples = append(r.samples, s)
	}
}

// holds evaluates the three constraints that occur.
func (r *sampleReader) holds(constraint any, options map[string]any) bool {
	switch constraint {
	case nil:
		return true
	case "name == 'sshd'":
		return r.filter == "sshd"
	case "opts.get('mode') != 'aggressive'":
		return options["mode"] != "aggressive"
	case "opts.get('mode') == 'aggressive'":
		return options["mode"] == "aggressive"
	}
	r.t.Fatalf("unknown constraint %v", constraint)
	return false
}

func texts(v any) (s []string) {
	for _, e := range v.([]any) {
		s = append(s, e.(string))
	}
	return s
}
