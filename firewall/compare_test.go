package firewall_test

import (
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/firewall/firewalltest"
)

func TestCompareFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			fw := open(t, options)
			must(t, fw.Ensure(t.Context(), []firewall.Spec{{Jail: "sshd"}}))
			a, b, c := netip.MustParsePrefix("198.51.100.1/32"), netip.MustParsePrefix("2001:db8:7::/48"), netip.MustParsePrefix("198.51.100.0/25")
			must(t, fw.Add(t.Context(), "sshd", bans(time.Hour, a, b)))
			for limit, want := range map[int]int{0: 2, 10: 1} {
				if options.Backend == "iptables-plain" {
					want = 2
				}
				d, err := fw.Compare(t.Context(), "sshd", bans(time.Hour, a, c), limit)
				must(t, err)
				if d.Size() != want || len(d.Missing) != 1 || d.Missing[0] != c {
					t.Errorf("limit %d: %+v", limit, d)
				}
			}
			d, err := fw.Compare(t.Context(), "sshd", bans(time.Hour, a, b), 0)
			if err != nil || d.Size() != 0 {
				t.Errorf("nothing differs, yet: %+v %v", d, err)
			}
		})
	}
}

// TestChurnLeaksNothing bans and unbans as in a busy day, without its time.
func TestChurnLeaksNothing(t *testing.T) {
	for name, options := range backends() {
		t.Run(name, func(t *testing.T) {
			lab := firewalltest.New(t)
			lab.Box.Enter(t)
			fw := open(t, options)
			specs := []firewall.Spec{{Jail: "sshd"}, {Jail: "web"}}
			must(t, fw.Ensure(t.Context(), specs))
			run(t, lab, fw)
			rounds := 100
			if options.Backend == "iptables-plain" {
				rounds = 10
			}
			churn(t, fw, specs, rounds/10)
			sockets, heap := count(t)
			churn(t, fw, specs, rounds)
			until(t, func() bool { // connections may still be looked for
				sockets2, heap2 := count(t)
				return sockets2 <= sockets && heap2 < heap+2<<20
			})
			for _, s := range specs {
				if left, err := fw.List(t.Context(), s.Jail); err != nil || len(left) != 0 {
					t.Errorf("left in %s: %v %v", s.Jail, left, err)
				}
			}
		})
	}
}

func churn(t *testing.T, fw *firewall.Firewall, specs []firewall.Spec, rounds int) {
	t.Helper()
	all := many(100, time.Hour)
	all[netip.MustParsePrefix("198.51.100.0/24")] = 0
	var prefixes []netip.Prefix
	for p := range all {
		prefixes = append(prefixes, p)
	}
	for i := range rounds {
		for _, s := range specs {
			must(t, fw.Add(t.Context(), s.Jail, all))
			must(t, fw.Remove(t.Context(), s.Jail, prefixes...))
		}
		if i%50 == 0 {
			must(t, fw.Ensure(t.Context(), specs))
		}
	}
}

// count tells how many files are open and how much memory is in use.
func count(t *testing.T) (files int, heap uint64) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return len(open), m.HeapAlloc
}
