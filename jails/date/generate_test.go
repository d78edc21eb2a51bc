package date

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A generator makes lines with dates as logs have them, and as they should not have them.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator { return &generator{rand.New(rand.NewPCG(seed, 7))} }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// layouts are time formats that the default templates read, one element a template.
func layouts() [][]string {
	return [][]string{
		{"2006-01-02T15:04:05", "2006/01/02 15:04:05", "2006.1.2 15:04:05", "2006-01-02  15:04:05.000", "2006-01-02 15:04:05,000000",
			"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000-0700", "2006-01-02 15:04:05 -07", "2006-01-02 15:04:05UTC"},
		{"Jan _2 15:04:05", "Jan 02 15:04:05.000", "Mon Jan _2 15:04:05", "Mon Jan 2 15:04:05 2006", "Jan 2  3:04:05"},
		{"Jan _2 2006 15:04:05", "Mon Jan 02 2006 15:04:05.000"},
		{"02/01/2006 15:04:05", "2-1-06 15:04:05", "_2/01/2006  3:04:05"},
		{"02/Jan/2006:15:04:05 -0700", "02-Jan-2006 15:04:05.000", "02-Jan-2006 15:04:05 -07:00", "2/Jan/200615:04:05", "02/Jan/2006:15:04:05 GMT"},
		{"01/02/2006:15:04:05", "1/_2/2006:15:04:05"},
		{"01-02-2006 15:04:05.000", "1-2-2006  3:04:05"},
		{"unix", "unix.000", "audit(unix.000:77)", "[unix]"},
		{"15:04:05", "3:4:5"},
		{"<01/02/06@15:04:05>"},
		{"060102 15:04:05", "060102  3:04:05"},
		{"Jan 2, 2006 3:04:05 PM", "Jan 02, 2006 03:04:05 am"},
		{"Jan-02-06 15:04:05"},
		{"20060102T150405", "20060102 150405", "20060102  150405.000Z", "20060102T150405,000 -0700"},
		{"MST Jan _2 15:04:05", "PDT Mon Jan _2 15:04:05 2006", "CEST Jan _2 15:04:05", "xyz Jan _2 15:04:05"},
		{"-0700 Jan _2 15:04:05.000 2006", "-07:00 Mon Jan _2 15:04:05", "UTC Jan _2 15:04:05", "z Jan _2 15:04:05"},
		{"tai"},
	}
}

// date writes t in a layout.
func (g *generator) date(t time.Time, layout string) string {
	if strings.Contains(layout, "unix") {
		layout = strings.ReplaceAll(layout, "unix", fmt.Sprint(t.Unix()))
		return strings.ReplaceAll(layout, ".000", fmt.Sprintf(".%03d", g.IntN(1000)))
	}
	if layout == "tai" {
		return fmt.Sprintf("@4%015x%08x", t.Unix(), g.Uint32())
	}
	text := t.Format(layout)
	switch g.IntN(12) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return strings.ToLower(text)
	}
	return text
}

// moment picks a time near those that are hard to read: New Year, leap days, changes of the clock.
func (g *generator) moment(loc *time.Location) time.Time {
	turn := pick(g,
		time.Date(2026, 1, 1, 0, 0, 0, 0, loc), time.Date(2028, 2, 29, 0, 0, 0, 0, loc), time.Date(2027, 3, 1, 0, 0, 0, 0, loc),
		time.Date(2023, 1, 1, 0, 0, 0, 0, loc), time.Date(2024, 1, 1, 0, 0, 0, 0, loc), // a Sunday, a Monday
		time.Date(2026, 3, 29, 2, 30, 0, 0, loc), time.Date(2026, 10, 25, 2, 30, 0, 0, loc), // Europe
		time.Date(2026, 3, 8, 2, 30, 0, 0, loc), time.Date(2026, 11, 1, 1, 30, 0, 0, loc), // North America
		time.Date(2026, 4, 5, 2, 0, 0, 0, loc), time.Date(2026, 10, 4, 2, 0, 0, 0, loc), // Australia
		time.Date(2026, 7, 14, 12, 0, 0, 0, loc))
	return turn.Add(time.Duration(g.IntN(4*3600)-2*3600) * time.Second)
}

// prefix and suffix are what stands around a date.
func (g *generator) prefix() string {
	return pick(g, "", "", "", "", "[", " ", "<1>", "  ", "\t[", "é ", "«", "192.0.2.7 - - [", "192.0.2.123 - bob [", "x", "host app: ", "a1 ",
		"12:34:56 ", "[[", "(", "id=1234567890 ", "t=", "@", "2", "audit(", "naïve: ", "==> ", "Sun ", "٣")
}

func (g *generator) suffix() string {
	return pick(g, "", " host sshd[1]: Failed", "]", ": ", "x", "é", "1", "-", "+", " +0100 x", ".5 x", ",123456789", "] \"GET / HTTP/1.1\" 200", " 2026 x",
		" 1999", "Z", " UTC", ">", "\u00a0Z", " GMTx", "_", "\u2003+01", ":00", " PM")
}

// line makes a line with mostly one date.
func (g *generator) line(t time.Time, layout string) string {
	text := g.prefix() + g.date(t, layout) + g.suffix()
	if g.IntN(8) == 0 {
		text += " " + g.date(t.Add(-time.Hour), pick(g, pick(g, layouts()...)...)) + g.suffix()
	}
	for g.IntN(6) == 0 && text != "" {
		text = g.mutate(text)
	}
	return text
}

// mutate changes one character.
func (g *generator) mutate(text string) string {
	r := []rune(text)
	i := g.IntN(len(r))
	c := pick(g, '0', '1', '2', '3', '6', '9', ' ', '-', '/', ':', '.', ',', '[', 'a', 'Z', '\u00e9', '\u0663', '\u017f', '\u212a', '\u0131', '\u0130', 'T', '@', '+')
	switch g.IntN(3) {
	case 0:
		r[i] = c
	case 1:
		r = append(r[:i], r[i+1:]...)
	default:
		r = append(r[:i], append([]rune{c}, r[i:]...)...)
	}
	return string(r)
}
