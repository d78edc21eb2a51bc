package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	dir := t.TempDir()
	here, gone := filepath.Join(dir, "here.log"), filepath.Join(dir, "gone.log")
	if err := os.WriteFile(here, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	no := errors.New("permission denied")
	for _, test := range []struct {
		name    string
		wish    Wish
		journal error
		want    Kind
		why     string
		asked   bool // whether it matters that there is a journal
	}{
		{"own match", Wish{"auto", []string{here}, true, true}, nil, FromJournal, "names a journal match", true},
		{"own match, no journal", Wish{"auto", []string{here}, true, true}, no, FromFiles, "permission denied", true},
		{"own match, nothing there", Wish{"auto", []string{gone}, true, true}, no, FromFiles, "waits for " + gone, true},
		{"own match, nothing to wait for", Wish{"auto", nil, true, true}, no, FromNowhere, "no logpath", true},
		{"log exists", Wish{"auto", []string{gone, here}, false, true}, nil, FromFiles, here + " exists", false},
		{"no log, filter has a match", Wish{"auto", []string{gone}, false, true}, nil, FromJournal, "no file of logpath exists", true},
		{"no log, no match", Wish{"auto", []string{gone}, false, false}, nil, FromFiles, "waits for", false},
		{"no log, no journal", Wish{"auto", []string{gone}, false, true}, no, FromFiles, "waits for", true},
		{"glob", Wish{"auto", []string{filepath.Join(dir, "h*.log")}, false, true}, nil, FromFiles, here, false},
		{"systemd", Wish{"systemd", []string{here}, false, true}, nil, FromJournal, "backend = systemd", true},
		{"systemd without a journal", Wish{"systemd", []string{here}, false, true}, no, FromNowhere, "waits for a journal: permission denied", true},
		{"polling", Wish{"polling", []string{here}, true, true}, nil, FromFiles, "backend = polling", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := false
			got := test.wish.Choose(func() error { asked = true; return test.journal })
			if asked != test.asked {
				t.Errorf("whether there is a journal was asked: %v", asked)
			}
			if got.Kind != test.want || !strings.Contains(got.Why, test.why) {
				t.Errorf("got %+v, want %s because %q", got, test.want, test.why)
			}
		})
	}
}
