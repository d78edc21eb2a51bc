package main

import (
	"strings"
	"testing"
	"time"

	"bailiff/cmd/internal/control"
)

// TestStatusFitsTheTerminal prints a table whose last column is too wide.
func TestStatusFitsTheTerminal(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	s := control.Status{Version: "v0.1.0", Started: at, Firewall: "iptables", Repairs: control.Repairs{Count: 1, Last: &at, What: []string{"rules"}},
		Jails: []control.Jail{
			{Name: "sshd", TotalFailed: 31, Source: "journal", JournalMatches: "_UID=0 _SYSTEMD_UNIT=ssh.service + _UID=0 _SYSTEMD_UNIT=sshd.service"},
			{Name: "ümlaut", Source: "files", Files: []string{"/var/log/" + strings.Repeat("x", 60), "/var/log/b"}, Note: "reads on"},
		}}
	const wide = `bailiff v0.1.0, up since 2026-11-22 12:00:00, firewall: iptables
firewall repaired 1 time, last at 2026-11-22 12:00:00: rules

JAIL    FAILING  FAILED  BANNED  BANS  READS
sshd    0        31      0       0     journal: _UID=0 _SYSTEMD_UNIT=ssh.service + _UID=0 _SYSTEMD_UNIT=sshd.service
ümlaut  0        0       0       0     files: /var/log/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx /var/log/b (reads on)
`
	const narrow = `bailiff v0.1.0, up since 2026-11-22 12:00:00, firewall: iptables
firewall repaired 1 time, last at 2026-11-22 12:00:00: rules

JAIL    FAILING  FAILED  BANNED  BANS  READS
sshd    0        31      0       0     journal: _UID=0 _SYSTEMD_UNIT=ssh.service
                                       + _UID=0 _SYSTEMD_UNIT=sshd.service
ümlaut  0        0       0       0     files:
                                       /var/log/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                                       /var/log/b (reads on)
`
	for width, want := range map[int]string{0: wide, 80: narrow, 200: wide} {
		var got strings.Builder
		if err := printStatus(&got, s, width); err != nil || got.String() != want {
			t.Errorf("at %d:\n%s\nwant\n%s", width, got.String(), want)
		}
	}
}

func TestTimesNameTheirZoneWhereTheDaemonHasAnother(t *testing.T) {
	here := time.Date(2026, 7, 1, 12, 0, 0, 0, time.Local)
	if got := shownTime(here); got != "2026-07-01 12:00:00" {
		t.Error(got)
	}
	_, offset := here.Zone()
	there := here.In(time.FixedZone("elsewhere", offset+3600))
	if got, want := shownTime(there), here.Format("2006-01-02 15:04:05 -07:00"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestVerdictOfChainsThatAreMissing holds that a look at the kernel does not promise what the line above it denies.
func TestVerdictOfChainsThatAreMissing(t *testing.T) {
	for want, waiting := range map[string][]string{
		"all that stops packets\n": nil,
		"all that stops packets, except in the chains that do not exist\n": {"IPv4 DOCKER-USER"},
	} {
		var b strings.Builder
		if err := verdict(&b, control.Status{Waiting: waiting}, false); err != nil || !strings.HasSuffix(b.String(), want) {
			t.Errorf("%q, %v", b.String(), err)
		}
	}
}
