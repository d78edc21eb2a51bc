package firewalltest

import (
	"os"
	"path/filepath"
	"testing"
)

// ProgramForAll is a copy of the test's own program that every user may run, in a directory that every user may enter. It
// is gone when the test ends.
func ProgramForAll(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "program")
	program, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(path, program, 0o755)
	}
	for _, may := range []string{path, dir, filepath.Dir(dir)} {
		if err == nil {
			err = os.Chmod(may, 0o755) // whatever the umask
		}
	}
	if err != nil {
		t.Fatalf("copy the program: %v", err)
	}
	return path
}
