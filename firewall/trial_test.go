package firewall

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"bailiff/firewall/firewalltest"
)

// TestATrialAtWorkIsLeftAlone sweeps where a trial is at work, and once more when it is over.
func TestATrialAtWorkIsLeftAlone(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	alive := beginTrial()
	lab.Box.Run(t, "sh", "-ec", strings.ReplaceAll(
		"ipset create bailiff4~try-TOKEN hash:net timeout 0; iptables -N bailiff~try-TOKEN; iptables -A bailiff~try-TOKEN -m set --match-set bailiff4~try-TOKEN src -j REJECT",
		"TOKEN", alive.token))
	start := func() string {
		for _, backend := range []string{"iptables", "nftables", "iptables-plain"} {
			fw, err := Open(t.Context(), Options{Backend: backend})
			if err == nil {
				err = errors.Join(fw.Ensure(t.Context(), nil), fw.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := LiftAll(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
		return lab.Box.Run(t, "sh", "-c", "ipset list -n; iptables -S")
	}
	if got := start(); strings.Count(got, alive.token) < 3 {
		t.Errorf("a trial at work was swept: left is\n%s", got)
	}
	alive.end()
	if got := start(); strings.Contains(got, "try") {
		t.Errorf("left by a trial that is over:\n%s", got)
	}
}

// TestStartsAtTheSameTime tries backends beside each other.
func TestStartsAtTheSameTime(t *testing.T) {
	lab := firewalltest.New(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := lab.Box.Do(func() error {
				fw, err := Open(t.Context(), Options{})
				if err != nil {
					return err
				}
				if fw.name != "iptables" {
					t.Errorf("backend %s: %s", fw.name, fw.reason)
				}
				return fw.Close()
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := lab.Box.Run(t, "sh", "-c", "ipset list -n; iptables -S; ip6tables -S"); strings.Contains(got, "try") {
		t.Errorf("left:\n%s", got)
	}
}

// TestATrialThatIsCancelled does not go on with another backend.
func TestATrialThatIsCancelled(t *testing.T) {
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if fw, err := Open(ctx, Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}); !errors.Is(err, context.Canceled) {
		t.Errorf("chosen: %+v, %v", fw, err)
	}
}

func TestLockHolder(t *testing.T) {
	path := t.TempDir() + "/lock"
	cmd := exec.Command("flock", path, "sh", "-c", "echo; cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if got := lockHolder(path); !strings.HasSuffix(got, "(flock)") {
		t.Errorf("the lock is held by %q", got)
	}
	in.Close()
	cmd.Wait() // cat ends well
	if got := lockHolder(path); got != "" {
		t.Errorf("the free lock is held by %q", got)
	}
}
