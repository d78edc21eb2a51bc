package firewall

import (
	"net/netip"
	"testing"
	"time"
)

func FuzzPorts(f *testing.F) {
	for _, s := range []string{"ssh,80", "1:5 7-9", "0:65535", "", "9:1", "-", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ports, err := parsePorts([]string{s})
		if err != nil {
			return
		}
		for i, r := range ports {
			if r.first > r.last || i > 0 && r.first <= ports[i-1].last {
				t.Errorf("%q: %v", s, ports)
			}
		}
	})
}

func FuzzBlockType(f *testing.F) {
	for _, s := range []string{"DROP", "REJECT", "REJECT --reject-with tcp-reset", "REJECT --reject-with icmpv6-port-unreachable"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := parseBlockType(s); err == nil && v.target(families()[0], "tcp") == "" {
			t.Errorf("%q has no target", s)
		}
	})
}

func FuzzBanRule(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1}, 32, int64(600), int64(1_800_000_000))
	f.Add([]byte{32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 64, int64(0), int64(1_800_000_000))
	f.Fuzz(func(t *testing.T, ip []byte, bits int, timeout, now int64) {
		addr, ok := netip.AddrFromSlice(ip)
		prefix, err := normal(netip.PrefixFrom(addr, bits))
		at := time.Unix(now, 0)
		end := at.Add(time.Duration(timeout) * time.Second)
		if !ok || err != nil || timeout < 0 || timeout > 1<<30 || now < 0 || end.After(lastStop()) {
			return
		}
		got, until, err := readRule(banRule("bailiff-from-x", "x", entry{prefix, time.Duration(timeout) * time.Second}, at))
		if err != nil || got != prefix || timeout > 0 && !until.Equal(end) || timeout == 0 && !until.IsZero() {
			t.Errorf("%s for %ds: %s until %s, %v", prefix, timeout, got, until, err)
		}
	})
}

func FuzzReadRule(f *testing.F) {
	f.Add("-s 192.0.2.1/32 -m time --datestop 2026-11-22T15:00:00 -j x")
	f.Fuzz(func(t *testing.T, s string) {
		if p, _, err := readRule(s); err == nil && !p.IsValid() {
			t.Errorf("%q: no address and no error", s)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(elementList("set", []entry{{netip.MustParsePrefix("192.0.2.1/32"), time.Hour}}, true)))
	f.Fuzz(func(t *testing.T, data []byte) {
		readHeader(data)
		bans := map[netip.Prefix]time.Duration{}
		readEntries(bans, data, families()[0])
		readElements(bans, data[min(4, len(data)):], 32)
	})
}
