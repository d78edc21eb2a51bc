//go:build bars

package firewall_test

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// rounds is how often everything is measured, by turns; the best counts, for the machine has other work.
const rounds = 5

// A figure is what was measured: a time, or a ratio.
type figure struct {
	what  string
	value float64
	bar   float64 // what it must not exceed; 0: nothing
	most  bool    // of several measurements the highest counts, for it is noise that lowers it
	show  func(float64) string
}

// A table keeps the best of each figure, in the order in which they were first measured.
type table struct{ figures []*figure }

func (tb *table) put(f figure) {
	i := slices.IndexFunc(tb.figures, func(g *figure) bool { return g.what == f.what })
	if i < 0 {
		tb.figures = append(tb.figures, &f)
		return
	}
	if f.most == (f.value > tb.figures[i].value) {
		tb.figures[i].value = f.value
	}
}

func (tb *table) print(t *testing.T) {
	for _, f := range tb.figures {
		bar := ""
		if f.bar > 0 {
			bar = "  at most " + f.show(f.bar)
			if f.value > f.bar {
				t.Errorf("%s: %s, want at most %s", f.what, f.show(f.value), f.show(f.bar))
			}
		}
		fmt.Printf("%-58s %24s%s\n", f.what, f.show(f.value), bar)
	}
}

func inTime(n int) func(float64) string {
	return func(s float64) string {
		d := time.Duration(s * float64(time.Second))
		return fmt.Sprintf("%v (%.0f bans/s)", d.Round(time.Microsecond), float64(n)/s)
	}
}

func asPacket(s float64) string { return fmt.Sprintf("%.0f ns", s*1e9) }
func asRatio(r float64) string  { return fmt.Sprintf("%.2f times", r) }
func asBytes(n float64) string  { return fmt.Sprintf("%.0f B a ban", n) }

// TestFirewallBars measures backends and their peers, prints the table and fails where a bar is missed.
func TestFirewallBars(t *testing.T) {
	tb := &table{}
	for round := range rounds {
		for _, name := range slices.Sorted(maps.Keys(backends())) {
			options := backends()[name]
			if strings.Contains(name, "plain") && round > 1 {
				continue // slow, and without a bar
			}
			for _, n := range []int{1, 1000, 10_000, 100_000} {
				if n < 100_000 || !strings.Contains(name, "plain") {
					t.Run(fmt.Sprint(name, n), func(t *testing.T) { tb.batch(t, name, options, n) })
				}
			}
			t.Run(name+"-packets", func(t *testing.T) { tb.packets(t, name, options) })
		}
		for _, n := range []int{1, 1000, 10_000, 100_000} {
			t.Run(fmt.Sprint("restore", n), func(t *testing.T) { tb.restore(t, n) })
		}
	}
	for _, action := range []string{"iptables-multiport", "iptables-ipset"} {
		for _, n := range []int{1, 1000} {
			t.Run(fmt.Sprint(action, n), func(t *testing.T) { tb.fail2ban(t, action, n) })
		}
	}
	tb.print(t)
}

// batch bans n at once, and then some one by one.
func (tb *table) batch(t *testing.T, name string, options firewall.Options, n int) {
	bars := map[string]float64{"nftables": 0.6, "iptables-nft": 2, "iptables-legacy": 2}
	lab := firewalltest.New(t)
	lab.Box.Enter(t)
	fw := open(t, options)
	must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
	all, before, start := many(n, time.Hour), kernelMemory(t), time.Now()
	must(t, fw.Add(t.Context(), "sshd", all))
	f := figure{what: fmt.Sprintf("%s: %d bans at once", name, n), value: time.Since(start).Seconds(), show: inTime(n)}
	if n == 100_000 {
		f.bar = bars[name]
	}
	tb.put(f)
	if n >= 10_000 { // less is lost in what else the machine does
		used := float64(kernelMemory(t)-before) / float64(n)
		tb.put(figure{what: fmt.Sprintf("%s: kernel memory for %d bans", name, n), value: used, show: asBytes, most: true})
	}
	tb.single(t, fw, name, n)
}

// single bans one at a time where n are banned.
func (tb *table) single(t *testing.T, fw *firewall.Firewall, name string, n int) {
	count, bar := 200, 0.001
	if strings.Contains(name, "plain") {
		count, bar = 5, 0
	}
	addr := netip.MustParseAddr("172.16.0.1")
	start := time.Now()
	for range count {
		must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, host(addr))))
		addr = addr.Next()
	}
	each := time.Since(start).Seconds() / float64(count)
	tb.put(figure{what: fmt.Sprintf("%s: one ban more than %d", name, n), value: each, bar: bar, show: inTime(1)})
}

// packets compares what a packet costs with many banned to that with one, by turns. It is sent to a socket that nobody
// reads: sending it takes it through the other end's rules.
func (tb *table) packets(t *testing.T, name string, options firewall.Options) {
	n, bar := 100_000, 1.3
	if strings.Contains(name, "plain") {
		n, bar = 10_000, 0
	}
	conns := []net.Conn{guarded(t, options, 1), guarded(t, options, n)}
	var times [2][]float64
	for range 40 {
		for i, conn := range conns {
			times[i] = append(times[i], send(t, conn, 500))
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	one, lots := times[0][len(times[0])/2], times[1][len(times[1])/2]
	tb.put(figure{what: name + ": a packet with 1 ban", value: one, show: asPacket})
	tb.put(figure{what: fmt.Sprintf("%s: a packet with %d bans", name, n), value: lots, show: asPacket})
	tb.put(figure{what: fmt.Sprintf("%s: a packet with %d bans beside 1", name, n), value: lots / one, bar: bar, show: asRatio})
}

// send tells the seconds that each of n packets takes.
func send(t *testing.T, conn net.Conn, n int) float64 {
	start := time.Now()
	for range n {
		_, err := conn.Write([]byte("?"))
		must(t, err)
	}
	return time.Since(start).Seconds() / float64(n)
}

// guarded is a socket from somebody who is not banned to a machine where n are.
func guarded(t *testing.T, options firewall.Options, n int) net.Conn {
	lab := firewalltest.New(t)
	_, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	must(t, lab.Box.Do(func() error {
		deaf, err := net.ListenPacket("udp", at.String())
		if err != nil {
			return err
		}
		t.Cleanup(func() { deaf.Close() })
		fw := open(t, options)
		must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd", Protocols: []string{"udp"}}}))
		return fw.Add(t.Context(), "sshd", many(n, time.Hour))
	}))
	return lab.Attacker.Dial(t, "udp", bystander, at)
}

// restore bans as bouncers do that feed ipset restore.
func (tb *table) restore(t *testing.T, n int) {
	lab := firewalltest.New(t)
	var input strings.Builder
	for _, a := range addresses(n) {
		fmt.Fprintf(&input, "add bench %s timeout 3600\n", a)
	}
	lab.Box.Run(t, "ipset", "create", "bench", "hash:net", "timeout", "0", "maxelem", "200000")
	var took time.Duration
	must(t, lab.Box.Do(func() error {
		cmd := exec.Command("ipset", "restore")
		cmd.Stdin = strings.NewReader(input.String())
		start := time.Now()
		err := cmd.Run()
		took = time.Since(start)
		return err
	}))
	tb.put(figure{what: fmt.Sprintf("ipset restore: %d bans", n), value: took.Seconds(), show: inTime(n)})
}

// fail2ban bans with one of fail2ban's own actions, as its client commands it.
func (tb *table) fail2ban(t *testing.T, action string, n int) {
	lab := firewalltest.New(t)
	dir := startFail2ban(t, lab, action)
	start := time.Now()
	lab.Box.Run(t, "fail2ban-client", append([]string{"-c", dir, "set", "bench", "banip"}, addresses(n)...)...)
	waitFor(t, func() bool { return fail2banHolds(lab, action) >= n })
	tb.put(figure{what: fmt.Sprintf("fail2ban %s: %d bans", action, n), value: time.Since(start).Seconds(), show: inTime(n)})
}
