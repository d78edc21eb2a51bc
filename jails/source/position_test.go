package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bailiff/filefollow"
)

// TestOnlyLogsThatAreGoneAndOldVanish follows a log, and judges what was saved of it while it stands and when it is gone.
func TestOnlyLogsThatAreGoneAndOldVanish(t *testing.T) {
	for _, key := range []string{"", "polling:latin1:"} {
		path, m := filepath.Join(t.TempDir(), "log"), &memory{saved: map[string]string{}}
		if err := os.WriteFile(path, []byte("x sshd: one\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		written := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
		during(t, func() runs {
			return &Files{Key: key, Paths: []Path{{Jail: "sshd", Glob: filefollow.Glob{Pattern: path}}}, Positions: m, Beat: func() {}}
		}, &reading{}, "+one")
		dayAgo, weekAgo := time.Now().Add(-24*time.Hour), time.Now().Add(-7*24*time.Hour)
		value := m.saved["file:"+key+path]
		if Vanished("file:"+key+path, value, dayAgo) {
			t.Error("a log that stands has vanished")
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if !Vanished("file:"+key+path, value, dayAgo) {
			t.Errorf("a log that was last written to two days ago has not vanished: %s", value)
		}
		if Vanished("file:"+key+path, value, weekAgo) {
			t.Error("a log has vanished whose lines may still count")
		}
		for key, value := range map[string]string{"journal:/var/log/journal:0": value, "file:" + path: "{", "file:" + key: value} {
			if Vanished(key, value, dayAgo) {
				t.Errorf("%q has vanished", key)
			}
		}
	}
}
