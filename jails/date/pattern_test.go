package date

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// write replaces the directives of text by parts of t, as careless programs write them.
func (g *generator) write(text string, t time.Time) string {
	return regexp.MustCompile(`%(Ex)?.`).ReplaceAllStringFunc(text, func(d string) string {
		return g.part(strings.TrimPrefix(d[1:], "Ex"), t)
	})
}

func (g *generator) part(directive string, t time.Time) string {
	year, week := t.ISOWeek()
	number := func(v int) string { return fmt.Sprintf(pick(g, "%02d", "%02d", "%d", "%2d"), v) }
	switch directive {
	case "Y", "G":
		return fmt.Sprint(pick(g, t.Year(), t.Year(), year, 1999))
	case "y":
		return fmt.Sprintf("%02d", t.Year()%100)
	case "m":
		return number(int(t.Month()))
	case "b":
		return pick(g, t.Format("Jan"), strings.ToUpper(t.Format("Jan")), "ſep")
	case "B":
		return t.Format("January")
	case "a":
		return pick(g, t.Format("Mon"), strings.ToLower(t.Format("Mon")), "ſat")
	case "A":
		return t.Format("Monday")
	case "d":
		return number(t.Day())
	case "j":
		return fmt.Sprintf("%03d", t.YearDay())
	case "H", "k":
		return number(t.Hour())
	case "I", "l":
		return number(pick(g, (t.Hour()+11)%12+1, t.Hour()))
	case "p":
		return t.Format(pick(g, "PM", "pm"))
	}
	return g.smallPart(directive, t, week)
}

func (g *generator) smallPart(directive string, t time.Time, week int) string {
	switch directive {
	case "M":
		return fmt.Sprintf(pick(g, "%02d", "%d"), t.Minute())
	case "S":
		return fmt.Sprintf(pick(g, "%02d", "%d"), pick(g, t.Second(), t.Second(), t.Second(), 60))
	case "f":
		return fmt.Sprint(g.IntN(1000000))
	case "w":
		return fmt.Sprint(int(t.Weekday()))
	case "u":
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1)
	case "U", "W", "V":
		return fmt.Sprintf("%02d", pick(g, week, 0, 1, 53))
	case "z":
		return pick(g, "Z", "UTC", "+0100", "-07:30", "+05", "CET", "EST+0200", "gmt", "+1٩")
	case "Z":
		return pick(g, "Z", "CET", "PDT", "XYZ", "pst", "GMT", "ET", "ACST", "NPT", "B")
	case "c":
		return t.Format("Mon  Jan  _2 15:04:05 2006")
	case "x":
		return t.Format("01/02/06")
	case "X":
		return t.Format("15:04:05")
	}
	return directive
}

// pattern makes a pattern and a text with the same directives.
func (g *generator) pattern() (pattern, text string) {
	day := pick(g, "%Y-%m-%d", "%ExY/%Exm/%Exd", "%d %b %Y", "%B %d", "%m.%d.%y", "%Exd%b%Exy", "%j", "%Y-%j", "%A %W %Y", "%w %U %Y", "%a %W",
		"%a %b %d", "%u", "%d", "%m", "%Y", "%G-%V-%u", "%x", "%W %A %d", "", "")
	clock := pick(g, "%H:%M:%S", "%k:%M", "%ExH%ExM%ExS", "%I:%M:%S %p", "%l:%M %p", "%I.%M", "%Exk-%ExM", "%Exl %p", "%X", "%H", "%H:%M:%S.%f", "")
	zone := pick(g, "", "", "", "%z", " %z", "%Z", " %Exz", "%ExZ")
	pattern = day + pick(g, " ", "T", ":", "") + clock + zone
	if g.IntN(25) == 0 {
		pattern = "%c" + zone
	}
	text = pattern
	switch g.IntN(8) {
	case 0:
		pattern, text = pattern+`(?:\.%f)?`, text+pick(g, "", ".%f")
	case 1:
		pattern, text = `<(`+pattern+`)>`, "<"+text+">"
	case 2:
		pattern = `()` + pattern
	case 3:
		pattern = pattern + `(?: x)?`
	case 4:
		pattern, text = "100%% "+pattern, "100% "+text
	}
	front := pick(g, "", "", "", "^", "{^LN-BEG}", "{UNB}", "**", `^\W*`, `\b`, `(?i)`, `(?:^|\s)`, "(?:^)", "{^LN-BEG}^", "(**)", `[^\d]*`, `\S+ `)
	back := pick(g, "", "", "", "$", "**", `\b`, `\s`, `\s*\]`, `(?=\])`, `\$`, `**)`, "$|x")
	if back == `**)` {
		front += "("
	}
	return front + pattern + back, text
}

// keys are patterns that are more than directives, with a text for each.
func keys() [][2]string {
	return [][2]string{
		{"EPOCH", "%e"}, {"^epoch", "%e"}, {"{^LN-BEG}EPOCH", "%e.123"}, {"LEPOCH", "%e123"}, {"^LEPOCH", "%e123456"},
		{"{^LN-BEG}LEPOCH", "%e123.5"}, {"t={EPOCH}", "t=%e.123456"}, {"t={LEPOCH}x", "t=%e123456x"}, {"{lepoch} {EPOCH}", "%e123 %e"},
		{`(a|b){EPOCH}`, "a%e"}, {`^\s*{LEPOCH}**`, " %e12"}, {"TAI64N", "x @40000000%h0000"}, {"^tai64n", "@40000000%h0000"},
		{"{^LN-BEG}TAI64N", "[@40000000%h12345678"}, {"{NONE}", "anything"}, {"{none}", ""}, {"^WARNING:()**", "WARNING: x"}, {"()", "abc"},
		{"**()**", ""}, {"^[^[]*\\[({DATE})", "a b [%Y-%m-%d %H:%M:%S] x"}, {"^<W>{DATE}", "<W>%b %d %H:%M:%S"}, {"x{DATE}**", "x%ey"},
		{"{^LN-BEG}{DATE}", "%H:%M:%S"}, {"^{DATE}", "%e"}, {"<{DATE}>", "<%d/%m/%Y %H:%M:%S>"}, {"{date}y", "@40000000%h00000000y"},
		{"%Y {DATE}", "%Y %H:%M:%S"}, {`\{DATE}`, "{DATE}"},
		{"(?P<Y>\\d+)y(?P<m>\\d+)m(?P<d>\\s*\\d+)d(?P<H>-?\\d)?", "%Yy%mm%dd%H"}, {"%b( %p)? %d %I", "%b PM %d %I"}, {"%b( %p)? %d %I", "%b %d %I"},
	}
}

func (g *generator) key(t time.Time) (pattern, text string) {
	k := pick(g, keys()...)
	text = strings.ReplaceAll(strings.ReplaceAll(k[1], "%e", fmt.Sprint(t.Unix())), "%h", fmt.Sprintf("%08x%08x", t.Unix(), g.Uint32()))
	return k[0], text
}

func TestPatternsAgainstFail2ban(t *testing.T) {
	o := newOracle(t)
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"}
	found := 0
	for seed := range uint64(patternsATest) {
		g := newGenerator(seed)
		tz, zone := pick(g, zones...), pick(g, "", "", "-0330", "CEST")
		o.use(tz)
		at := g.moment(time.Local)
		pattern, text := g.pattern()
		if g.IntN(4) == 0 {
			pattern, text = g.key(at)
		}
		var lines []stamped
		for range 15 {
			at = at.Add(time.Duration(g.IntN(3*86400)) * time.Second)
			line := g.prefix() + g.write(text, at) + g.suffix()
			if g.IntN(2) == 0 {
				line = g.write(text, at)
			}
			now := at.Add(time.Duration(g.IntN(200)-100) * time.Hour / 10)
			lines = append(lines, stamped{line, float64(now.Unix()) + 0.5})
		}
		found += o.comparePattern([]string{pattern}, tz, zone, lines)
		if t.Failed() {
			t.Fatalf("seed %d: %s %q %q", seed, tz, zone, pattern)
		}
	}
	if share := float64(found) / (patternsATest * 15); share < 0.3 {
		t.Errorf("only %.2f of the lines had a date", share)
	}
}

const patternsATest = 1000

// comparePattern compares the expression made of each pattern, and what it finds. A pattern that fail2ban cannot
// compile on its first line must not compile here.
func (o *oracle) comparePattern(patterns []string, tz, zone string, lines []stamped) (found int) {
	o.t.Helper()
	p, err := o.tryDetector(patterns, tz, zone)
	if err != nil {
		if p.refused == "" && !p.raises(lines) {
			o.t.Errorf("%q: %v, but fail2ban takes it", patterns, err)
		}
		return 0
	}
	if p.refused != "" {
		o.t.Errorf("%q: fail2ban refuses it: %s", patterns, p.refused)
		return 0
	}
	for i, want := range p.templates {
		if e := p.detector.entries[i]; e.name != want[0] || strings.ReplaceAll(e.expr, e.years.expr(), "%ExY") != want[1] {
			o.t.Errorf("%q:\n got %s\n     %s\nwant %s\n     %s", patterns, e.name, e.expr, want[0], want[1])
		}
	}
	return p.compare(lines)
}

// TestDebiansPatterns reads the patterns of the filters that fail2ban ships.
func TestDebiansPatterns(t *testing.T) {
	files, err := filepath.Glob("/etc/fail2ban/filter.d/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("fail2ban's filters are not installed", err)
	}
	o, n := newOracle(t), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^datepattern *= *(.*(?:\n[ \t]+.*)*)`).FindAllStringSubmatch(string(text), -1) {
			patterns := strings.Fields(strings.ReplaceAll(m[1], " ", "\x00"))
			for i, p := range patterns {
				patterns[i] = strings.Trim(strings.ReplaceAll(strings.ReplaceAll(p, "\x00", " "), "%%", "%"), " ")
			}
			if strings.Contains(m[1], "%(") || strings.Contains(m[1], "<lt_") || strings.Contains(m[1], "<L_") {
				continue // made of other options
			}
			n++
			o.comparePattern(patterns, "Europe/Berlin", "", newGenerator(uint64(n)).source(30, time.Local))
		}
	}
	if n < 25 {
		t.Errorf("only %d patterns found", n)
	}
}
