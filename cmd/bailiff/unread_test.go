package main

import "testing"

// TestHowToMendAPath has paths of logs as people write them by mistake.
func TestHowToMendAPath(t *testing.T) {
	const whole = "correct the path, or set unit where the program logs to the journal"
	const alone = "write each path on a line of its own, indented below the first"
	for glob, want := range map[string]string{
		"/var/log/nowhere.log":          whole,
		"/var/log/my app.log":           whole,
		"/var/log/a.log /var/log/b.log": alone,
		"/var/log/a.log, /var/log/b":    alone,
		"/var/log/a.log;/var/log/b.log": alone,
		`"/var/log/a.log"`:              "write it without quotes: /var/log/a.log",
		"/var/log/{a,b}.log":            "braces stand for themselves: " + alone,
		"~/a.log":                       "write the whole path: ~ and variables stand for themselves",
		"$HOME/a.log":                   "write the whole path: ~ and variables stand for themselves",
		"$(vsftpd_log)s":                "a reference is written %(option)s",
		"${vsftpd_log}":                 "a reference is written %(option)s",
		"file:///var/log/a.log":         "write the path alone: /var/log/a.log",
	} {
		if got := pathHint([]string{"/x", glob}); got != want {
			t.Errorf("%s: %s", glob, got)
		}
	}
}
