package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiff/jails/store"
)

// A namedHost is a host whose name server never replies, with a jail that looks names up and one that does not.
type namedHost struct {
	host
	hosts string // its /etc/hosts
}

func newNamedHost(t *testing.T, options string) *namedHost {
	h := &namedHost{host: host{t: t, dir: t.TempDir(), log: &syncBuffer{}}}
	h.hosts = filepath.Join(h.dir, "hosts")
	for path, text := range map[string]string{
		"jail.conf": "[DEFAULT]\nenabled = true\nfilter = %(__name__)s\nmaxretry = 2\nbackend = auto\nbanaction = multiport\n" + options +
			"\n[named]\nusedns = yes\nlogpath = " + h.dir + "/named.log\n[plain]\nusedns = no\nlogpath = " + h.dir + "/plain.log\n",
		"bailiff.conf":        "[Definition]\nfirewall = dry\n",
		"filter.d/named.conf": "[Definition]\nfailregex = ^ denied <HOST>$\n",
		"filter.d/plain.conf": "[Definition]\nfailregex = ^ denied <HOST>$\n",
		"hosts":               "", "resolv.conf": "nameserver 198.18.0.1\n", "named.log": "", "plain.log": "",
	} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(h.dir, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(h.dir, path), []byte(text), 0o644))
	}
	t.Cleanup(func() {
		h.kill(syscall.SIGTERM)
		if t.Failed() {
			t.Log(h.log)
		}
	})
	return h
}

func (h *namedHost) start() {
	h.t.Helper()
	const inside = `ip link add d0 type veth peer name d1 && ip addr add 198.18.0.2/24 dev d0 && ip link set d1 up &&
		ip link set d0 up && ip neigh add 198.18.0.1 lladdr 02:00:00:00:00:01 dev d0 nud permanent &&
		mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && shift && exec "$@"`
	ready := strings.Count(h.log.String(), " ready ")
	h.daemon = exec.Command("unshare", "--net", "--mount", "sh", "-c", inside, "sh", h.dir,
		os.Args[0], "run", "--config", h.dir, "--state", h.dir, "--metrics", "", "--socket", h.socket())
	h.daemon.Env, h.daemon.Stderr = append(os.Environ(), asBailiff+"=1"), h.log
	must(h.t, h.daemon.Start())
	h.await("ready", func() bool { return strings.Count(h.log.String(), " ready ") > ready })
}

func (h *namedHost) logs(jail string, hosts ...string) {
	f, err := os.OpenFile(filepath.Join(h.dir, jail+".log"), os.O_APPEND|os.O_WRONLY, 0)
	must(h.t, err)
	defer f.Close()
	for _, host := range hosts {
		_, err = fmt.Fprintf(f, "%s denied %s\n", time.Now().Format(time.RFC3339), host)
		must(h.t, err)
	}
}

func (h *namedHost) said(what string) bool { return strings.Contains(h.log.String(), what) }

// TestADeadNameServerHoldsUpNobody logs 61 names in one jail; the other bans at once, and the first one's own failures
// wait for a moment. What waits when the daemon is killed is read again.
func TestADeadNameServerHoldsUpNobody(t *testing.T) {
	h := newNamedHost(t, "ignoreip = owner.example")
	begin := time.Now()
	h.start()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("with a dead name server the start took %v", took)
	}
	var names []string
	for i := range 61 {
		names = append(names, fmt.Sprintf("client%d.example", i))
	}
	begin = time.Now()
	h.logs("named", append(names, "192.0.2.1", "192.0.2.1")...)
	h.logs("plain", "192.0.2.2", "192.0.2.2")
	h.await("the other jail's ban", func() bool { return h.said("[plain] Ban 192.0.2.2") })
	if took := time.Since(begin); took > 1500*time.Millisecond {
		t.Errorf("the ban took %v", took)
	}
	h.await("the jail's own ban", func() bool { return h.said("[named] Ban 192.0.2.1") })
	if took := time.Since(begin); took < 2*time.Second || took > 10*time.Second {
		t.Errorf("the jail's own ban took %v", took)
	}
	h.logs("named", "other.example", "192.0.2.3")
	h.logs("plain", "192.0.2.4", "192.0.2.4")
	h.await("the next ban", func() bool { return h.said("[plain] Ban 192.0.2.4") })
	h.kill(os.Kill)
	h.start()
	h.logs("named", "192.0.2.3")
	h.await("a ban by a failure that waited at the kill", func() bool { return h.said("[named] Ban 192.0.2.3") })
	for _, line := range []string{"[named] Found 192.0.2.1 ", "[plain] Found 192.0.2.4 ", "[named] Found 192.0.2.3 "} {
		if n := strings.Count(h.log.String(), line); n != 2 {
			t.Errorf("%q was told %d times", line, n)
		}
	}
}

// TestANameOfIgnoreipOutlastsItsNameServer has a name that is known in one run be unknown in the next.
func TestANameOfIgnoreipOutlastsItsNameServer(t *testing.T) {
	h := newNamedHost(t, "ignoreip = owner.example")
	must(t, os.WriteFile(h.hosts, []byte("192.0.2.9 owner.example\n"), 0o644))
	h.start()
	h.logs("plain", "192.0.2.9")
	h.await("the owner to be spared", func() bool { return h.said("[plain] Ignore 192.0.2.9 by dns") })
	h.kill(syscall.SIGTERM)
	must(t, os.WriteFile(h.hosts, nil, 0o644))
	h.start()
	h.logs("plain", "192.0.2.9", "192.0.2.9", "192.0.2.1", "192.0.2.1")
	h.await("another's ban", func() bool { return h.said("[plain] Ban 192.0.2.1") })
	if h.said("[plain] Found 192.0.2.9") {
		t.Error("the owner of a name is not spared after a restart without a name server")
	}
}

// TestPositionsWaitForWhatIsJudgedLater goes through the positions of one source and what may be saved of them.
func TestPositionsWaitForWhatIsJudgedLater(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "bailiff.db"))
	must(t, err)
	q := store.NewQueue(s, nil, slog.New(slog.DiscardHandler))
	m := &marks{queue: q, have: map[string]string{"a": "a0"}}
	first, second, third := make(chan struct{}), make(chan struct{}), make(chan struct{})
	set := func(key, value string, judged <-chan struct{}) {
		must(t, m.SaveAfter(t.Context(), judged, key, value))
		if got, _ := m.Load(key); got != value {
			t.Errorf("a source would begin again at %q, want %q", got, value)
		}
	}
	saved := func(when, want string) {
		t.Helper()
		m.settleAll()
		all := map[string]string{}
		for _, mark := range m.all() {
			all[mark.Source] = mark.Value
		}
		if got := fmt.Sprint(all); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	set("a", "a1", nil)
	saved("nothing waits", "map[a:a1]")
	set("a", "a2", first)
	set("a", "a3", nil)
	set("a", "a4", nil)
	set("a", "a5", second)
	set("b", "b1", third)
	set("b", "b2", nil)
	saved("all wait", "map[a:a1]")
	close(second)
	saved("the second is judged", "map[a:a1]")
	close(first)
	saved("the first, too", "map[a:a5]")
	set("a", "a6", nil)
	saved("and nothing waits in a", "map[a:a6]")
	close(third)
	if got := fmt.Sprint(func() any { m.settleAll(); return savedMarks(t, q, s) }()); got != "map[a:a6 b:b2]" {
		t.Errorf("the store has %s", got)
	}
	if len(m.waiting) > 0 {
		t.Errorf("%v waits still", m.waiting)
	}
}
