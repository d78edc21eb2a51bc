package main

import (
	"errors"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestEveryWordOfFail2banClientIsAnswered takes commands and flags from what the installed fail2ban-client says of itself.
func TestEveryWordOfFail2banClientIsAnswered(t *testing.T) {
	help, err := exec.Command("fail2ban-client", "--help").Output()
	if err != nil {
		t.Skip("fail2ban-client is not there: ", err)
	}
	options, commands, _ := strings.Cut(string(help), "\nCommand:\n")
	lines := regexp.MustCompile(`(?m)^    (\S.*?)(?:   .*)?$`)
	flag := regexp.MustCompile(`--?[A-Za-z0-9-]+`)
	n := 0
	for _, m := range lines.FindAllStringSubmatch(options, -1) {
		for _, f := range flag.FindAllString(strings.SplitN(m[1], "  ", 2)[0], -1) {
			if args := []string{f}; strings.Contains(m[1], "<") {
				answered(t, append(args, "/etc")...)
			} else {
				answered(t, args...)
			}
			n++
		}
	}
	words := regexp.MustCompile(`[<>\[\]]`)
	for _, m := range lines.FindAllStringSubmatch(commands, -1) {
		answered(t, strings.Fields(strings.ReplaceAll(words.ReplaceAllString(m[1], ""), "FLAVOR", "basic"))...)
		n++
	}
	if n < 100 {
		t.Errorf("only %d commands and flags were found: the test is blind", n)
	}
}

// answered fails when a command line of fail2ban-client's is neither one of ours nor answered with a hint of what is.
func answered(t *testing.T, args ...string) {
	t.Helper()
	root := newRootCommand()
	root.SetOut(io.Discard)
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	c, rest, err := root.Find(args)
	if err == nil && !c.Hidden && c.ParseFlags(rest) == nil && c.ValidateArgs(c.Flags().Args()) == nil {
		return // one of ours
	}
	root.SetArgs(args)
	var usage usageError
	err = root.ExecuteContext(t.Context())
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "\nhint: ") || strings.Contains(err.Error(), "--help says more") {
		t.Errorf("%q: %v", args, err)
	}
}

func TestForeignWordsNameOurs(t *testing.T) {
	for line, want := range map[string]string{
		"set sshd banip 192.0.2.1 192.0.2.2":          "bailiff ban sshd 192.0.2.1 192.0.2.2",
		"set sshd unbanip --report-absent 192.0.2.1":  "bailiff unban --jail sshd 192.0.2.1",
		"get sshd banip --with-time":                  "bailiff banned --jail sshd",
		"get sshd banned 192.0.2.1":                   "bailiff banned --jail sshd 192.0.2.1",
		"get sshd logpath":                            "bailiff status sshd",
		"get sshd maxretry":                           "bailiff config dump prints every option of each jail",
		"get loglevel":                                "bailiff config dump prints every option",
		"set loglevel DEBUG":                          "write loglevel = DEBUG below [Definition] in bailiff.local, then: bailiff reload",
		"set logtarget /var/log/x.log":                "write logtarget = /var/log/x.log below [Definition] in bailiff.local, then: systemctl restart bailiff",
		"set sshd bantime -1":                         "write bantime = -1 below [sshd] in jail.local, then: bailiff reload sshd",
		"set sshd addignoreip 192.0.2.1":              "write ignoreip = ..., with all of its values, below [sshd] in jail.local, then: bailiff reload sshd",
		"set sshd idle on":                            "write enabled = false below [sshd] in jail.local, then: bailiff reload sshd",
		"-c /etc/fail2ban -v set sshd banip 10.0.0.1": "bailiff ban sshd 10.0.0.1",
		"--config=/etc/fail2ban stop sshd":            "write enabled = false below [sshd] in jail.local, then: bailiff reload sshd",
		"restart --unban sshd":                        "bailiff reload sshd, and bailiff unban --jail sshd --all",
		"start":                                       "systemctl start bailiff, or as root: bailiff run",
		"banip sshd 192.0.2.1":                        "bailiff ban sshd 192.0.2.1",
		"unbanip 192.0.2.1":                           "bailiff unban 192.0.2.1",
		"history":                                     "bailiff banned lists the bans in force, the log has those before: journalctl -u bailiff",
		"-d":                                          "bailiff config dump --fail2ban",
		"-xt":                                         "bailiff run; a socket that a dead daemon left is replaced",
		"reload --restart sshd":                       "leave it out: bailiff reload takes over all that has changed",
	} {
		root := newRootCommand()
		root.SetArgs(strings.Fields(line))
		err := root.ExecuteContext(t.Context())
		var usage usageError
		if !errors.As(err, &usage) || !strings.HasSuffix(err.Error(), "\nhint: "+want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
