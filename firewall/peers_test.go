package firewall_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiff/firewall/firewalltest"
)

// BenchmarkPeers bans as others do, to be read beside BenchmarkBatch. fail2ban starts programs for every ban, so it is
// run for few.
func BenchmarkPeers(b *testing.B) {
	for _, action := range []string{"iptables-multiport", "iptables-ipset"} {
		for _, n := range []int{1, 1000} {
			b.Run(fmt.Sprintf("fail2ban-%s/%d", action, n), func(b *testing.B) { benchmarkFail2ban(b, action, n) })
		}
	}
	for _, n := range []int{1, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("ipset-restore/%d", n), func(b *testing.B) { benchmarkRestore(b, n) })
	}
}

// addresses are those of many, as words.
func addresses(n int) []string {
	var all []string
	for p := range many(n, time.Hour) {
		all = append(all, p.Addr().String())
	}
	return all
}

func benchmarkFail2ban(b *testing.B, action string, n int) {
	lab := firewalltest.New(b)
	dir := startFail2ban(b, lab, action)
	for b.Loop() {
		lab.Box.Run(b, "fail2ban-client", append([]string{"-c", dir, "set", "bench", "banip"}, addresses(n)...)...)
		waitFor(b, func() bool { return fail2banHolds(lab, action) >= n })
		b.StopTimer()
		lab.Box.Run(b, "fail2ban-client", "-c", dir, "unban", "--all")
		waitFor(b, func() bool { return fail2banHolds(lab, action) == 0 })
		b.StartTimer()
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "bans/s")
}

// startFail2ban starts fail2ban with one jail and returns its configuration.
func startFail2ban(b testing.TB, lab *firewalltest.Lab, action string) string {
	dir := fail2banConfig(b, action)
	server := lab.Box.Command("fail2ban-server", "-c", dir, "-xf", "start")
	must(b, server.Start())
	b.Cleanup(func() {
		lab.Box.Command("fail2ban-client", "-c", dir, "stop").Run()
		server.Wait()
	})
	waitFor(b, func() bool { return lab.Box.Command("fail2ban-client", "-c", dir, "status", "bench").Run() == nil })
	return dir
}

// fail2banHolds counts what fail2ban has put into the kernel.
func fail2banHolds(lab *firewalltest.Lab, action string) int {
	if action == "iptables-ipset" {
		out, _ := lab.Box.Command("ipset", "save", "f2b-bench").Output() // fails before the first ban
		return bytes.Count(out, []byte("add "))
	}
	out, _ := lab.Box.Command("iptables", "-S", "f2b-bench").Output()
	return bytes.Count(out, []byte("REJECT"))
}

// fail2banConfig makes a directory with one jail and fail2ban's own actions.
func fail2banConfig(b testing.TB, action string) string {
	dir := b.TempDir()
	must(b, os.Symlink("/etc/fail2ban/action.d", filepath.Join(dir, "action.d")))
	must(b, os.Mkdir(filepath.Join(dir, "filter.d"), 0o755))
	files := map[string]string{
		"log":                 "",
		"filter.d/bench.conf": "[Definition]\nfailregex = ^never from <HOST>$\n",
		"jail.conf": "[bench]\nenabled = true\nfilter = bench\nbackend = polling\nlogpath = " + dir + "/log\nbantime = 3600\n" +
			"action = " + action + "[name=bench, port=ssh, protocol=tcp]\n",
		"fail2ban.conf": "[Definition]\nloglevel = ERROR\nlogtarget = " + dir + "/own.log\nsocket = " + dir + "/sock\npidfile = " + dir +
			"/pid\ndbfile = None\n",
	}
	for name, text := range files {
		must(b, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func waitFor(b testing.TB, f func() bool) {
	b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		if f() {
			return
		}
	}
	b.Fatal("not within two minutes")
}

// benchmarkRestore bans as bouncers do that feed "ipset restore".
func benchmarkRestore(b *testing.B, n int) {
	lab := firewalltest.New(b)
	var input strings.Builder
	for _, a := range addresses(n) {
		fmt.Fprintf(&input, "add bench %s timeout 3600\n", a)
	}
	for b.Loop() {
		b.StopTimer()
		lab.Box.Run(b, "sh", "-c", "ipset destroy bench 2>/dev/null; ipset create bench hash:net timeout 0 maxelem 200000")
		cmd := lab.Box.Command("ipset", "restore")
		cmd.Stdin = strings.NewReader(input.String())
		b.StartTimer()
		must(b, cmd.Run())
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "bans/s")
}
