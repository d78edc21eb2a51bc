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
	}{
		{"own match", Wish{"auto", []string{here}, true, true}, nil, FromJournal, "names a journal match"},
		{"own match, no journal", Wish{"auto", []string{here}, true, true}, no, FromFiles, "permission denied"},
		{"own match, nothing there", Wish{"auto", []string{gone}, true, true}, no, FromFiles, "waits for " + gone},
		{"own match, nothing to wait for", Wish{"auto", nil, true, true}, no, FromNowhere, "no logpath"},
		{"log exists", Wish{"auto", []string{gone, here}, false, true}, nil, FromFiles, here + " exists"},
		{"no log, filter has a match", Wish{"auto", []string{gone}, false, true}, nil, FromJournal, "no file of logpath exists"},
		{"no log, no match", Wish{"auto", []string{gone}, false, false}, nil, FromFiles, "waits for"},
		{"no log, no journal", Wish{"auto", []string{gone}, false, true}, no, FromFiles, "waits for"},
		{"glob", Wish{"auto", []string{filepath.Join(dir, "h*.log")}, false, true}, nil, FromFiles, here},
		{"systemd", Wish{"systemd", []string{here}, false, true}, nil, FromJournal, "backend = systemd"},
		{"systemd without a journal", Wish{"systemd", []string{here}, false, true}, no, FromNowhere, "waits for a journal: permission denied"},
		{"polling", Wish{"polling", []string{here}, true, true}, nil, FromFiles, "backend = polling"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.wish.Choose(test.journal)
			if got.Kind != test.want || !strings.Contains(got.Why, test.why) {
				t.Errorf("got %+v, want %s because %q", got, test.want, test.why)
			}
		})
	}
}
