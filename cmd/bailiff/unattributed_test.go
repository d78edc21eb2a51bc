package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bailiff/journal/journaltest"
)

// TestEntriesWithoutAUnitAreToldOf has a service's entries stand in the journal with its unit and without, as those of
// processes that ended early do, beside others' without a unit.
func TestEntriesWithoutAUnitAreToldOf(t *testing.T) {
	for name, c := range map[string]struct{ options, want string }{
		"by unit":       {"unit = web", "2 entries of web passed by, for journald could not attribute them to a unit"},
		"by identifier": {"identifier = web", ""},
		"the filter's":  {"journalmatch = _SYSTEMD_UNIT=web.service + _UID=0 SYSLOG_IDENTIFIER=web", ""},
	} {
		t.Run(name, func(t *testing.T) {
			journald := journaltest.Start(t)
			h := &host{t: t, dir: t.TempDir(), log: &syncBuffer{}}
			for path, text := range map[string]string{
				"conf/jail.conf":         "[sshd]\nenabled = true\nfilter = web\nbackend = systemd[journalpath=" + journald.Dir + "]\n" + c.options + "\n",
				"conf/filter.d/web.conf": "[Definition]\nfailregex = denied <ADDR>$\n",
				"conf/bailiff.conf":      "[Definition]\nfirewall = dry\n",
			} {
				must(t, os.MkdirAll(filepath.Dir(filepath.Join(h.dir, path)), 0o755))
				must(t, os.WriteFile(filepath.Join(h.dir, path), []byte(text), 0o644))
			}
			journald.Log(journaltest.Sender{Unit: "web.service", Comm: "web"}, "denied 192.0.2.1")
			socket, err := net.Dial("unixgram", journald.Socket())
			must(t, err)
			defer socket.Close()
			for _, who := range []string{"web", "web", "other"} {
				_, err = socket.Write([]byte("SYSLOG_IDENTIFIER=" + who + "\nMESSAGE=denied 192.0.2.2\n"))
				must(t, err)
			}
			journald.Sync()
			h.observe()
			defer h.kill(syscall.SIGTERM)

			if c.want != "" {
				h.await("the note", func() bool { return strings.Contains(h.jail().Note, c.want) })
			}
			journald.Log(journaltest.Sender{Unit: "web.service", Comm: "web"}, "denied 192.0.2.1")
			h.await("another failure", func() bool { return strings.Contains(h.log.String(), "[sshd] Found 192.0.2.1") })
			if told := strings.Contains(h.log.String(), "passed by"); told != (c.want != "") {
				t.Errorf("told: %v\n%s", told, h.log)
			}
		})
	}
}
