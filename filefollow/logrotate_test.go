package filefollow

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLogrotate has logrotate itself rotate a log in each of its ways: twice while it is followed, the second time while
// the Follower is behind, and once while nobody follows.
func TestLogrotate(t *testing.T) {
	if _, err := exec.LookPath("logrotate"); err != nil {
		t.Fatal("logrotate is missing: make deps-test installs it")
	}
	for name, way := range map[string]struct {
		conf string
		gone bool // what was rotated away while nobody followed cannot be read
	}{
		"create":        {conf: "create"},
		"copytruncate":  {conf: "copytruncate"},
		"delaycompress": {conf: "create\ncompress\ndelaycompress"},
		"dateext":       {conf: "create\ndateext\ndateformat -%Y%m%d"},
		"compress":      {conf: "create\ncompress", gone: true},
		"olddir":        {conf: "create\nolddir old\ncreateolddir 700 root root", gone: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTail(t, "log")
			f.write("log", "a ")
			f.begin().want("a")
			f.logrotate(way.conf)
			f.write("log", "b ")
			f.want("b")
			release := f.hold(func() { f.write("log", "c ") })
			f.write("log", "d ")
			f.logrotate(way.conf)
			f.write("log", "e ")
			release()
			f.want("c d e")
			f.end()
			f.write("log", "f ")
			f.logrotate(way.conf)
			f.write("log", "g ")
			if f.begin(); way.gone {
				f.want("g")
			} else {
				f.want("f g")
			}
		})
	}
	t.Run("copy", func(t *testing.T) {
		f := newTail(t, "log")
		f.write("log", "a ")
		f.begin().want("a")
		f.logrotate("copy")
		f.write("log", "b ")
		f.want("b")
		f.end()
		f.write("log", "c ")
		f.logrotate("copy")
		f.begin().want("c")
	})
}

// logrotate rotates the log now.
func (f *tail) logrotate(how string) {
	f.t.Helper()
	for _, dated := range f.glob("log-2*") { // or there would be no second rotation on one day
		f.do(os.Rename(dated, f.path(fmt.Sprintf("log-200001%02d", len(f.glob("log-2000*"))+1))))
	}
	conf := filepath.Join(f.t.TempDir(), "conf")
	text := f.path("log") + " {\nmissingok\nrotate 9\nsu root root\n" + how + "\n}\n"
	f.do(os.WriteFile(conf, []byte(text), 0o600))
	if out, err := exec.Command("logrotate", "--force", "--state", conf+".state", conf).CombinedOutput(); err != nil {
		f.t.Fatalf("logrotate: %v: %s", err, out)
	}
}

func (f *tail) glob(pattern string) []string {
	found, err := filepath.Glob(f.path(pattern))
	f.do(err)
	return found
}
