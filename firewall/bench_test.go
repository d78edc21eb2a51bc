package firewall_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

// many makes n different addresses of 10.0.0.0/8.
func many(n int, timeout time.Duration) map[netip.Prefix]time.Duration {
	all := make(map[netip.Prefix]time.Duration, n)
	for i := range n {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 10<<24+uint32(i)*7)
		all[netip.PrefixFrom(netip.AddrFrom4(b), 32)] = timeout
	}
	return all
}

// BenchmarkBatch installs bans with one Add.
func BenchmarkBatch(b *testing.B) {
	for name, options := range backends() {
		for size, n := range map[string]int{"1": 1, "1k": 1000, "10k": 10_000, "100k": 100_000} {
			b.Run(name+"/"+size, func(b *testing.B) { benchmarkBatch(b, options, n) })
		}
	}
}

func benchmarkBatch(b *testing.B, options firewall.Options, n int) {
	lab := firewalltest.New(b)
	lab.Box.Enter(b)
	fw := open(b, options)
	all := many(n, time.Hour)
	b.ReportAllocs()
	var before int
	for b.Loop() {
		b.StopTimer()
		must(b, fw.Lift(b.Context()))
		must(b, fw.Ensure(b.Context(), []firewall.Spec{{Jail: "sshd"}}))
		before = kernelMemory(b)
		b.StartTimer()
		must(b, fw.Add(b.Context(), "sshd", all))
	}
	if n >= 10_000 { // less is lost in what else the machine does
		b.ReportMetric(float64(kernelMemory(b)-before)/float64(n), "kernel-B/ban")
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "bans/s")
}

// kernelMemory is what the kernel's own data takes, in bytes.
func kernelMemory(b testing.TB) int {
	text, err := os.ReadFile("/proc/meminfo")
	must(b, err)
	sum := 0
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && (words[0] == "Slab:" || words[0] == "VmallocUsed:") {
			n, err := strconv.Atoi(words[1])
			must(b, err)
			sum += n << 10
		}
	}
	return sum
}

// BenchmarkSingle bans one more address, with many banned already.
func BenchmarkSingle(b *testing.B) {
	for name, options := range backends() {
		for size, n := range map[string]int{"1": 1, "1k": 1000, "10k": 10_000, "100k": 100_000} {
			b.Run(name+"/"+size, func(b *testing.B) { benchmarkSingle(b, options, n) })
		}
	}
}

func benchmarkSingle(b *testing.B, options firewall.Options, n int) {
	lab := firewalltest.New(b)
	lab.Box.Enter(b)
	fw := open(b, options)
	must(b, fw.Ensure(b.Context(), []firewall.Spec{{Jail: "sshd"}}))
	must(b, fw.Add(b.Context(), "sshd", many(n, time.Hour)))
	addr := netip.MustParseAddr("172.16.0.1")
	b.ReportAllocs()
	for b.Loop() {
		must(b, fw.Add(b.Context(), "sshd", bans(time.Hour, host(addr))))
		addr = addr.Next()
	}
}

// BenchmarkPacket sends UDP packets to and fro from an address that is not banned, with many banned.
func BenchmarkPacket(b *testing.B) {
	for name, options := range backends() {
		for size, n := range map[string]int{"1": 1, "10k": 10_000, "100k": 100_000} {
			if n == 100_000 && options.Backend == "iptables-plain" {
				continue
			}
			b.Run(name+"/"+size, func(b *testing.B) { benchmarkPacket(b, options, n) })
		}
	}
}

func benchmarkPacket(b *testing.B, options firewall.Options, n int) {
	lab := firewalltest.New(b)
	lab.Box.Enter(b)
	_, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(b, "udp", at)
	fw := open(b, options)
	must(b, fw.Ensure(b.Context(), []firewall.Spec{{Jail: "sshd", Protocols: []string{"udp"}}}))
	must(b, fw.Add(b.Context(), "sshd", many(n, time.Hour)))
	conn := lab.Attacker.Dial(b, "udp", bystander, at)
	for b.Loop() {
		if got, err := firewalltest.Echo(conn, time.Now().Add(10*time.Second)); got != firewalltest.Passed {
			b.Fatal(got, err)
		}
	}
}

// BenchmarkPacketCost compares a packet's round trip with 100,000 banned to that with one, by turns, so that what else
// the machine does weighs on both. It reports the ratio of the medians.
func BenchmarkPacketCost(b *testing.B) {
	for name, options := range backends() {
		if options.Backend == "iptables-plain" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			few, lots := banned(b, options, 1), banned(b, options, 100_000)
			var times [2][]time.Duration
			for b.Loop() {
				for i, conn := range []net.Conn{few, lots} {
					start := time.Now()
					if got, err := firewalltest.Echo(conn, start.Add(10*time.Second)); got != firewalltest.Passed {
						b.Fatal(got, err)
					}
					times[i] = append(times[i], time.Since(start))
				}
			}
			slices.Sort(times[0])
			slices.Sort(times[1])
			b.ReportMetric(float64(times[1][b.N/2])/float64(times[0][b.N/2]), "times-the-cost-of-1")
		})
	}
}

// banned makes a machine with n banned and a socket from somebody else to its listener.
func banned(b *testing.B, options firewall.Options, n int) net.Conn {
	lab := firewalltest.New(b)
	_, bystander, box := firewalltest.Addresses(false)
	at := netip.AddrPortFrom(box, 53)
	lab.Box.Listen(b, "udp", at)
	must(b, lab.Box.Do(func() error {
		fw := open(b, options)
		must(b, fw.Ensure(b.Context(), []firewall.Spec{{Jail: "sshd", Protocols: []string{"udp"}}}))
		return fw.Add(b.Context(), "sshd", many(n, time.Hour))
	}))
	return lab.Attacker.Dial(b, "udp", bystander, at)
}

// BenchmarkList reads a set.
func BenchmarkList(b *testing.B) {
	for name, options := range backends() {
		b.Run(name, func(b *testing.B) {
			lab := firewalltest.New(b)
			lab.Box.Enter(b)
			fw := open(b, options)
			must(b, fw.Ensure(b.Context(), []firewall.Spec{{Jail: "sshd"}}))
			must(b, fw.Add(b.Context(), "sshd", many(10_000, time.Hour)))
			for b.Loop() {
				if _, err := fw.List(b.Context(), "sshd"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
