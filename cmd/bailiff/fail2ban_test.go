package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFail2banThatRunsIsNoticed(t *testing.T) {
	dir := t.TempDir()
	socket, proc := filepath.Join(dir, "fail2ban.sock"), filepath.Join(dir, "proc")
	if by, runs := fail2banRuns(socket, proc); runs {
		t.Errorf("seen by %s where there is none", by)
	}
	l, err := net.Listen("unix", socket)
	must(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if by, runs := fail2banRuns(socket, proc); !runs || by != socket {
		t.Errorf("its socket is not seen: %q", by)
	}
	must(t, l.Close())
	if by, runs := fail2banRuns(socket, proc); runs {
		t.Errorf("seen by %s, and the socket is of one that is dead", by)
	}
	for pid, net := range map[string]string{"thread-self": "net:[1]", "7": "net:[1]", "8": "net:[2]"} {
		must(t, os.MkdirAll(filepath.Join(proc, pid, "ns"), 0o755))
		must(t, os.Symlink(net, filepath.Join(proc, pid, "ns/net")))
	}
	must(t, os.WriteFile(filepath.Join(proc, "7/comm"), []byte("fail2ban-client\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(proc, "8/comm"), []byte("fail2ban-server\n"), 0o600))
	if by, runs := fail2banRuns(socket, proc); runs {
		t.Errorf("seen by %s, and it guards another network", by)
	}
	must(t, os.WriteFile(filepath.Join(proc, "7/comm"), []byte("fail2ban-server\n"), 0o600))
	if by, runs := fail2banRuns(socket, proc); !runs || by != "process 7" {
		t.Errorf("its process is not seen: %q", by)
	}
}

// TestAProcessOfFail2banIsNoticed has a process of that name.
func TestAProcessOfFail2banIsNoticed(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	must(t, err)
	program := filepath.Join(t.TempDir(), "fail2ban-server")
	text, err := os.ReadFile(sleep)
	must(t, err)
	must(t, os.WriteFile(program, text, 0o755))
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "60")
	must(t, cmd.Start())
	if by, runs := fail2banRuns("/nonexistent", "/proc"); !runs || !strings.HasPrefix(by, "process ") {
		t.Errorf("not seen: %q", by)
	}
	stop()
	_ = cmd.Wait() // it was killed
}
