package firewall

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// stopLayout is how iptables' time match writes the last second, in UTC, in which a rule holds.
const stopLayout = "2006-01-02T15:04:05"

// lastStop is the latest time that iptables takes: the end of 32 bits of seconds. Bans beyond it end there.
func lastStop() time.Time { return time.Date(2038, 1, 19, 4, 17, 7, 0, time.UTC) }

// banRule is the rule for one ban in a jail's chain, as iptables -S prints it.
func banRule(chain, jail string, e entry, now time.Time) string {
	side := "-s"
	if chain == toChain(jail) {
		side = "-d"
	}
	until := ""
	if e.timeout > 0 {
		last := now.Add(e.timeout + time.Second - 1).Truncate(time.Second).Add(-time.Second)
		if last.After(lastStop()) {
			last = lastStop()
		}
		until = "-m time --datestop " + last.UTC().Format(stopLayout)
	}
	return join(side, e.prefix.String(), until, "-j", stopChain(jail))
}

// readRule reads what banRule has written: whom it bans, and when the ban is over; the zero time means never.
func readRule(rule string) (prefix netip.Prefix, until time.Time, err error) {
	words := strings.Fields(rule)
	for i := 0; i+1 < len(words) && err == nil; i++ {
		switch words[i] {
		case "-s", "-d":
			prefix, err = netip.ParsePrefix(words[i+1])
		case "--datestop":
			until, err = time.Parse(stopLayout, words[i+1])
			until = until.Add(time.Second)
		}
	}
	if err == nil && !prefix.IsValid() {
		err = fmt.Errorf("no address in rule %q", rule)
	}
	return prefix, until, err
}
