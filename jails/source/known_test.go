package source

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiff/filefollow"
)

// TestAJailThatHasReadAFilesPastKnowsIt although the file does not grow: the next restart reads the past again.
func TestAJailThatHasReadAFilesPastKnowsIt(t *testing.T) {
	path, m := filepath.Join(t.TempDir(), "log"), &memory{saved: map[string]string{}}
	if err := os.WriteFile(path, fmt.Appendf(nil, "%s sshd: one\n", time.Now().Format(time.RFC3339)), 0o600); err != nil {
		t.Fatal(err)
	}
	follow := func(jails ...string) runner {
		f := &Files{Positions: m, Log: slog.New(slog.DiscardHandler), Beat: func() {}}
		for _, j := range jails {
			f.Paths = append(f.Paths, Path{Jail: j, Glob: filefollow.Glob{Pattern: path, Since: time.Now().Add(-time.Hour),
				Date: func(line []byte) (time.Time, bool) {
					word, _, _ := strings.Cut(string(line), " ")
					at, err := time.Parse(time.RFC3339, word)
					return at, err == nil
				}}})
		}
		return func() runs {
			return f
		}
	}
	during(t, follow("other"), &reading{}, "+one")
	during(t, follow("other", "sshd"), &reading{}, "+one") // new to sshd
	during(t, follow("other", "sshd"), &reading{}, "=one")
}

// TestTwoWaysToReadAFileHaveTheirOwnPositions: a reader's position says nothing of the jails of the other.
func TestTwoWaysToReadAFileHaveTheirOwnPositions(t *testing.T) {
	m := &memory{saved: map[string]string{"file:/log": `{"position":{"offset":7},"jails":["a"]}`}}
	polling := &Files{Positions: m, Key: "polling:"}
	if p, ok := polling.position("/log").inFile(); !ok || p.Offset != 7 {
		t.Errorf("a reader without a position begins at %v, %v", p, ok)
	}
	if err := (position{File: []byte(`{"offset":9}`), Jails: []string{"b"}}).save(t.Context(), m, polling.key("/log"), nil); err != nil {
		t.Fatal(err)
	}
	if p, _ := polling.position("/log").inFile(); p.Offset != 9 {
		t.Errorf("its own position is %v", p)
	}
	if p, _ := (&Files{Positions: m}).position("/log").inFile(); p.Offset != 7 {
		t.Errorf("the other's is %v", p)
	}
}
