package journaltest_test

import (
	"os/exec"
	"strings"
	"testing"

	"bailiff/journal/journaltest"
)

func TestStampsUnitAndComm(t *testing.T) {
	j := journaltest.Start(t)
	j.Log(journaltest.Sender{Unit: "ssh.service", Comm: "sshd"}, "one", "two")
	j.Kill()
	j.Log(journaltest.Sender{Unit: "cron.service", Comm: "cron", Identifier: "CRON"}, "three")
	out, err := exec.Command("journalctl", "-D", j.Dir, "-o", "verbose", "--output-fields=_SYSTEMD_UNIT,_COMM,MESSAGE,SYSLOG_IDENTIFIER",
		"_SYSTEMD_UNIT=ssh.service", "+", "_COMM=cron").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"_SYSTEMD_UNIT=ssh.service", "_COMM=sshd", "MESSAGE=one", "MESSAGE=two",
		"_SYSTEMD_UNIT=cron.service", "SYSLOG_IDENTIFIER=CRON", "MESSAGE=three"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is missing in:\n%s", want, out)
		}
	}
}
