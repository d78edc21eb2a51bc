//go:build bars

package jails

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/filter"
)

// memchr looks for the ends of all lines.
func memchr(text []byte) (lines int) {
	for len(text) > 0 {
		text = text[bytes.IndexByte(text, '\n')+1:]
		lines++
	}
	return lines
}

// A rewrite replaces a construct of Python by one that another engine has.
type rewrite struct {
	what *regexp.Regexp
	by   string
}

// What PCRE writes otherwise, and what Rust's and Go's engines have no words for: there it becomes something simpler that
// matches more.
var (
	other = []rewrite{
		{regexp.MustCompile(`\{,(\d)`), "{0,$1"},
		{regexp.MustCompile(`\\Z`), `\z`},
	}
	simpler = append([]rewrite{
		{regexp.MustCompile(`\(\?:\(\?! from \)\.\)`), "."},
		{regexp.MustCompile(`\(\?\(\w+\)`), "(?:"},
	}, other...)
)

func simplify(expr string) string { return rewritten(expr, simpler) }

func rewritten(expr string, by []rewrite) string {
	for _, s := range by {
		expr = s.what.ReplaceAllString(expr, s.by)
	}
	return expr
}

var groupNames = regexp.MustCompile(`\(\?P<(\w+)>`)

// onePattern joins the jail's regexes to one that finds the lines of a file, date included, which they match. Of the
// groups only those stay that a condition asks for.
func onePattern(c *config.Jail, by []rewrite) string {
	var fails []string
	for _, r := range c.Definition.Failregex {
		fails = append(fails, strings.TrimPrefix(rewritten(filter.Expand(r, "warn"), by), "^"))
	}
	prefix := strings.TrimPrefix(rewritten(filter.Expand(c.Definition.Prefregex, "warn"), by), "^")
	all := strings.Replace(prefix, "(?P<content>.+)$", "(?:"+strings.Join(fails, "|")+")", 1)
	return `^\w{3} [ \d]\d \d\d:\d\d:\d\d` + groupNames.ReplaceAllStringFunc(all, func(group string) string {
		if strings.Contains(all, "(?("+group[len("(?P<"):len(group)-1]+")") {
			return group
		}
		return "(?:"
	})
}

// A goFilter is a jail's regexes, one a pattern, in Go's engine.
type goFilter struct {
	prefix  *regexp.Regexp
	content int
	fail    []*regexp.Regexp
}

// goFilters leaves out what Go's engine has no words for, which only makes the peer faster.
func goFilters(jails []*config.Jail) (all []goFilter) {
	for _, c := range jails {
		f := goFilter{}
		if p := c.Definition.Prefregex; p != "" {
			re, err := regexp.Compile(simplify(filter.Expand(p, "warn")))
			if err != nil {
				continue
			}
			f.prefix, f.content = re, re.SubexpIndex("content")
		}
		for _, r := range c.Definition.Failregex {
			if re, err := regexp.Compile(simplify(filter.Expand(r, "warn"))); err == nil {
				f.fail = append(f.fail, re)
			}
		}
		all = append(all, f)
	}
	return all
}

func (f goFilter) match(line []byte) bool {
	if f.prefix != nil {
		caps := f.prefix.FindSubmatchIndex(line)
		if caps == nil {
			return false
		}
		if f.content > 0 && caps[2*f.content] >= 0 {
			line = line[caps[2*f.content]:caps[2*f.content+1]]
		}
	}
	for _, re := range f.fail {
		if re.FindSubmatchIndex(line) != nil {
			return true
		}
	}
	return false
}

func goLoop(filters []goFilter, text []byte) (matched int) {
	for line := range bytes.Lines(text) {
		for _, f := range filters {
			if f.match(line[:len(line)-1]) {
				matched++
			}
		}
	}
	return matched
}

// run runs a program over a file and returns what it wrote.
func run(t *testing.T, stdin string, name string, args ...string) []byte {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if stdin != "" {
		f, err := os.Open(stdin)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	timer := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// fail2banRegex is how long fail2ban-regex takes for the lines of file, without its start.
func fail2banRegex(t *testing.T, file, none, name string) time.Duration {
	begin := time.Now()
	run(t, "", "fail2ban-regex", "--no-check-all", "--print-no-missed", none, name)
	start := time.Since(begin)
	begin = time.Now()
	run(t, "", "fail2ban-regex", "--no-check-all", "--print-no-missed", file, name)
	return max(time.Since(begin)-start, time.Millisecond)
}
