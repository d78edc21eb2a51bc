package control

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// systemd hands the socket over as file 3, to the process it names: so the test runs itself as that process.
func TestSocketFromSystemd(t *testing.T) {
	if os.Getenv("BAILIFF_TEST_ACTIVATED") != "" {
		serveActivated(t)
		return
	}
	path := filepath.Join(t.TempDir(), "bailiff.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestSocketFromSystemd$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=bailiff.socket", "BAILIFF_TEST_ACTIVATED="+path)
	cmd.ExtraFiles = []*os.File{file}
	stop, err := cmd.StdinPipe() // the daemon ends with its input
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if err := NewClient(path).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	stop.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Error("the daemon removed systemd's socket")
	}
}

func serveActivated(t *testing.T) {
	l, err := Listen(os.Getenv("BAILIFF_TEST_ACTIVATED"), "")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("LISTEN_FDS") != "" {
		t.Error("children would see the socket")
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- (&Server{Reader: &daemon{}, Changer: &daemon{}}).Run(ctx, l) }()
	os.Stdin.Read(make([]byte, 1))
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
