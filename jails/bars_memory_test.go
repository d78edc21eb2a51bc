//go:build bars

package jails

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/match"
)

// TestMatchMemory scans ordinary and hostile text and looks at what the matcher has kept then.
func TestMatchMemory(t *testing.T) {
	jails := stockJails(t)
	for _, c := range []struct {
		name  string
		jails int
		bare  bool
		most  uint64 // MB
	}{
		{"one jail, journal", 1, true, 4},
		{"one jail, file", 1, false, 4},
		{"all jails, journal", len(jails), true, 64},
		{"all jails, file", len(jails), false, 64},
	} {
		before := heap()
		var all []*Post
		for _, j := range jails[:c.jails] {
			f, err := filter.Compile(j.Definition)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, &Post{Matcher: f.NewMatcher(filter.Options{FindTime: time.Hour})})
		}
		s := newScan(all, c.bare, hostile(0))
		for seed := range uint64(20) {
			b := &event.Block{Text: hostile(seed), Live: true}
			for at := 0; c.bare && at < len(b.Text); at++ {
				if at == 0 || b.Text[at-1] == '\n' {
					b.Entries = append(b.Entries, event.Entry{Start: at, Time: time.Now()})
				}
			}
			s.run(b, each(func(*team, event.Line, []filter.Match) {}))
		}
		overflows := s.set.Overflows()
		kept := heap() - before
		t.Logf("%s: %.1f MB kept, %d lines taken for candidates", c.name, float64(kept)/1e6, overflows)
		if kept > c.most<<20 {
			t.Errorf("%s: %d bytes kept, %d MB wanted", c.name, kept, c.most)
		}
		runtime.KeepAlive(s)
		runtime.KeepAlive(all)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// hostile is text made of pieces of all sorts of lines, so that no line is like another.
func hostile(seed uint64) (text []byte) {
	rng := rand.New(rand.NewPCG(seed, 9))
	pieces := lines(rng, 400, seed%2 == 0)
	for range 2000 {
		for range 1 + rng.IntN(12) {
			at := rng.IntN(len(pieces) - 40)
			for _, b := range pieces[at : at+1+rng.IntN(39)] {
				if b != '\n' && b < 0x80 {
					text = append(text, b)
				}
			}
			text = append(text, byte(' '+rng.IntN(95)))
		}
		text = append(text, '\n')
	}
	return text
}

// TestScanAgainstReadingMillionsOfLines is TestScanAgainstReadingEveryLine with two million lines of generated logs.
func TestScanAgainstReadingMillionsOfLines(t *testing.T) {
	jails := stockJails(t)
	for i, c := range []struct {
		mix   mix
		lines int
		jails int
	}{{attacked, 2_000_000, 1}, {access, 100_000, 60}, {ordinary, 100_000, len(jails)}, {stormed, 200_000, 8}} {
		l := makeLog(c.mix, c.lines, 11, 12, 13, 14, 15)
		bare := i%2 == 0
		blocks := l.blocks(bare)
		for _, j := range jails[:c.jails] {
			found := gather(j.Filter, blocks, bare, false)
			if every := gather(j.Filter, blocks, bare, true); !slices.Equal(every, found) {
				t.Errorf("%s: %d matches in every line, %d by way of the scan", j.Name, len(every), len(found))
			}
		}
	}
}

// gather lists what one filter finds in blocks: by way of the scan, or in every line.
func gather(f *filter.Filter, blocks []*event.Block, bare, every bool) (found []string) {
	s := newScan([]*Post{{Matcher: f.NewMatcher(filter.Options{})}}, bare, blocks[0].Text)
	if every {
		s.every, s.ruled, s.set = s.teams, nil, match.NewSet(nil, match.Options{})
	}
	for _, b := range blocks {
		s.run(b, each(func(_ *team, l event.Line, ms []filter.Match) {
			for _, m := range ms {
				found = append(found, fmt.Sprint(len(l.Before), m.Regex, m.Subject, m.ID, m.Time.Unix(), m.Captures()))
			}
		}))
	}
	return found
}
