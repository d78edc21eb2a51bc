package firewalltest

import (
	"os/exec"
	"runtime"
	"testing"

	"github.com/vishvananda/netns"
)

// A Namespace is a network namespace, as ip-netns(8) names it.
type Namespace struct{ Name string }

// Enter puts the calling goroutine into the namespace until the test ends: its sockets and the programs it starts are
// there. Goroutines it starts, and so subtests, are not.
func (n *Namespace) Enter(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatalf("find own network namespace: %v", err)
	}
	t.Cleanup(func() {
		if err := netns.Set(home); err != nil {
			t.Errorf("leave network namespace: %v", err)
			return // the thread dies with its goroutine
		}
		home.Close()
		runtime.UnlockOSThread()
	})
	if err := n.set(); err != nil {
		t.Fatal(err)
	}
}

// Do runs f inside the namespace, on a thread of its own, and returns its error.
func (n *Namespace) Do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread dies with this goroutine
		err := n.set()
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

func (n *Namespace) set() error {
	handle, err := netns.GetFromName(n.Name)
	if err != nil {
		return err
	}
	defer handle.Close()
	return netns.Set(handle)
}

// Command is a program that will run inside the namespace. Its process is the program itself once it has started.
func (n *Namespace) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", n.Name, name}, args...)...)
}

// Run runs a program inside the namespace to its end and returns what it printed.
func (n *Namespace) Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := n.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}
