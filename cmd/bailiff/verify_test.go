package main

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"bailiff/firewall"
	"bailiff/jails"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/metrics"
)

// TestComparisonIsMeasured has a jail ban somebody whom the firewall never hears of.
func TestComparisonIsMeasured(t *testing.T) {
	fw, err := firewall.Open(t.Context(), firewall.Options{Backend: "dry"})
	must(t, err)
	defer fw.Close()
	c := &config.Config{Jails: []*config.Jail{
		{Name: "a", BanTime: time.Hour, Firewall: config.Firewall{Kind: "multiport"}},
		{Name: "b", BanTime: time.Hour, Firewall: config.Firewall{Kind: "none"}},
	}}
	log := slog.New(slog.DiscardHandler)
	m := metrics.New("", nil)
	d := &daemon{log: log, firewall: fw, config: c}
	for _, j := range c.Jails {
		running := jails.NewJail(j, jails.NewIgnoreLists(nil, nil, log), log, m)
		running.Ban(event.Address(netip.MustParseAddr("198.51.100.7")), time.Now())
		d.jails = append(d.jails, running)
	}
	must(t, fw.Ensure(t.Context(), specs(c)))
	d.compareOnce(t.Context())
	if a, b := d.diverged.of("a"), d.diverged.of("b"); a != 1 || b != 0 {
		t.Errorf("divergence of a is %d, of b %d; want 1 and 0", a, b)
	}
	must(t, fw.Add(t.Context(), "a", d.jails[0].Remaining(time.Now())))
	d.compareOnce(t.Context())
	if a := d.diverged.of("a"); a != 0 {
		t.Errorf("divergence of a is %d, want 0", a)
	}
}
