package source

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiff/filefollow"
)

func TestLinesOfARewrittenLogAreReadOnce(t *testing.T) {
	for _, c := range []struct{ name, steps, want string }{ // a step begins a file with ! or goes on with it
		{"appended", "!a b|c", "a b c"},
		{"shifted by one", "!a b c|!b c d|!c d e", "a b c d e"},
		{"growing", "!a b|!a b c|!a b c d", "a b c d"},
		{"newest first", "!a|!b a|!c b a|!d c b|!e d c", "a b a c d e"}, // a line alone may be another
		{"line by line", "!a b c|!b|c|d|!c|d|e", "a b c d e"},
		{"shorter", "!a b c d|!b c|e", "a b c d e"},
		{"the same", "!a b c|!a b c", "a b c"},
		{"rotated", "!a b c|!d e f|g", "a b c d e f g"},
		{"rotated in a flood", "!a a a a|!a a a", "a a a a a a a"},
		{"rotated within one second", "!a b c|!c d", "a b c c d"},
		{"parted ways", "!a b c|!a b x|c", "a b c a b x c"},
		{"followed from its middle", "b c|!b c d", "b c b c d"},
	} {
		r, seen := &rewrites{}, []string{}
		for step := range strings.SplitSeq(c.steps, "|") {
			lines, begin := strings.CutPrefix(step, "!")
			text := strings.ReplaceAll(lines, " ", "\n") + "\n"
			seen = append(seen, strings.Fields(string(r.fresh([]byte(text), begin)))...)
		}
		if got := strings.Join(seen, " "); got != c.want {
			t.Errorf("%s: %s is read as %s, want %s", c.name, c.steps, got, c.want)
		}
	}
}

// TestNoLineOfARewrittenLogIsLost has logs of all sorts be rewritten, rotated and cut into chunks: what is new is always
// handed on.
func TestNoLineOfARewrittenLogIsLost(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r, want, got := &rewrites{}, []string{}, map[string]int{}
		log, keep := []string{}, 1+rng.IntN(8)
		hand := func(lines []string) {
			for begin := true; len(lines) > 0; begin = false {
				n := 1 + rng.IntN(len(lines))
				for _, l := range strings.Fields(string(r.fresh([]byte(strings.Join(lines[:n], "\n")+"\n"), begin))) {
					got[l]++
				}
				lines = lines[n:]
			}
		}
		for i := range 40 {
			line := fmt.Sprint("line", i)
			want = append(want, line)
			switch {
			case rng.IntN(10) == 0:
				log = []string{line} // rotated
			case seed%3 == 0:
				log = slices.Insert(log, 0, line)
				log = log[:min(len(log), keep)]
			default:
				log = append(log, line)
				log = log[max(0, len(log)-keep):]
			}
			hand(slices.Clone(log))
		}
		for _, line := range want {
			if got[line] == 0 {
				t.Fatalf("seed %d: %s is lost", seed, line)
			}
		}
	}
}

func TestALongLogIsNotRemembered(t *testing.T) {
	r := &rewrites{}
	r.fresh([]byte(strings.Repeat("x\n", mostRewritten)), true)
	if r.now != nil {
		t.Errorf("%d bytes are kept", len(r.now))
	}
}

// TestAFileThatIsWrittenAnewAtEachLine is the same with a file, of which only the last five lines are kept.
func TestAFileThatIsWrittenAnewAtEachLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "forum.log")
	var all, want []string
	write := func() {
		all, want = append(all, fmt.Sprintf("now: message %d", len(all))), append(want, fmt.Sprintf("+message %d", len(want)))
		if err := os.WriteFile(path, []byte(strings.Join(all[max(0, len(all)-5):], "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	write()
	r := &reading{}
	f := &Files{Paths: []Path{{Jail: "sshd", Glob: filefollow.Glob{Pattern: path}}}, Positions: &memory{saved: map[string]string{}},
		Log: slog.New(slog.DiscardHandler), Beat: func() {}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	var g sync.WaitGroup
	g.Go(func() { _ = f.Run(ctx, r.see) })
	for range 10 {
		for ctx.Err() == nil && len(r.seen()) < len(want) {
			<-time.After(2 * time.Millisecond)
		}
		write()
	}
	for ctx.Err() == nil && len(r.seen()) < len(want) {
		<-time.After(2 * time.Millisecond)
	}
	cancel()
	g.Wait()
	if got := r.seen(); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
