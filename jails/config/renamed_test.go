package config

import (
	"os"
	"path"
	"strings"
	"testing"
)

// TestOldFilterNames holds that a filter that became a mode of another, or was renamed, is named with what does its
// work now. The filters are those of Debian's fail2ban.
func TestOldFilterNames(t *testing.T) {
	for name, want := range map[string]string{
		"sshd-ddos": "filter = sshd[mode=ddos]", "ssh-ddos": "filter = sshd[mode=ddos]", "sshd-aggressive": "filter = sshd[mode=aggressive]",
		"sshd-extra": "filter = sshd[mode=extra]", "sshd_ddos": "filter = sshd[mode=ddos]", "ssh": "filter = sshd", "postfix-sasl": "filter = postfix[mode=auth]",
		"sasl": "filter = postfix[mode=auth]", "postfix-rbl": "filter = postfix[mode=rbl]", "postfix-auth": "filter = postfix[mode=auth]",
		"postfix-ddos": "filter = postfix[mode=ddos]", "dovecot-auth": "filter = dovecot", "dovecot-pop3imap": "filter = dovecot",
		"dovecot-aggressive": "filter = dovecot[mode=aggressive]", "exim-aggressive": "filter = exim[mode=aggressive]",
		"sendmail-reject-extra": "filter = sendmail-reject[mode=extra]", "freeswitch-ddos": "filter = freeswitch[mode=ddos]",
		"nginx-http-auth-fallback": "filter = nginx-http-auth[mode=fallback]", "couriersmtp": "filter = courier-smtp", "courierlogin": "filter = courier-auth",
		"lighttpd-fastcgi": "filter = suhosin", "sendmail-spam": "filter = sendmail-reject", "fail2ban": "filter = recidive",
		"sshd-nosuch": `is "sshd" meant?`, "nosuch": "", "postfix ": "leave no blank before [",
	} {
		files := []string{"etc/b/jail.local", "[f]\nfilter = f\n[old]\nenabled = true\nfilter = " + name + "[x=1]\n"}
		entries, err := os.ReadDir("/etc/fail2ban/filter.d")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if path.Ext(e.Name()) == ".conf" {
				text, err := os.ReadFile("/etc/fail2ban/filter.d/" + e.Name())
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, "etc/b/filter.d/"+e.Name(), string(text))
			}
		}
		got := said(t, plain(append([]string{"etc/b/filter.d/f.conf", plainFilter}, files...)...))
		if !strings.Contains(got, "[old] filter: there is no filter") || want != "" && !strings.HasSuffix(strings.SplitN(got, "\n", 3)[1], want) {
			t.Errorf("%s: want %q\n%s", name, want, got)
		}
	}
}

// TestHintsForLists has values that need quotes, and blanks where none may be.
func TestHintsForLists(t *testing.T) {
	for action, want := range map[string]string{
		"a[name=x, port=http,https]":             `put a value with commas in quotes: port="http,https"`,
		"a[port=http, https, protocol=tcp]":      `put a value with commas in quotes: port="http,https"`,
		"a[port=80,443 ]":                        `put a value with commas in quotes: port="80,443"`,
		"a[x=\"1\", port=%(ports)s]":             `put a value with commas in quotes: port="80,443"`,
		"a [port=80]":                            "leave no blank before [",
		"a[port":                                 `write action = name[option=value, option="value"]`,
		"%(known)s[port=80] # the usual":         "comments need a line of their own",
		"a[port=80]\n# a comment\n  b[port=443]": `its file would be /etc/b/action.d/b.conf`,
	} {
		got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\nknown = a\nports = 80,443\naction = "+action+"\n", "etc/b/action.d/a.conf",
			"[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n"))
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: want %q\n%s", action, want, got)
		}
	}
}

// TestFiltersOutsideTheDirectory names a filter and an action by their paths, as fail2ban lets one do, and blames them
// under these.
func TestFiltersOutsideTheDirectory(t *testing.T) {
	const jail = "[f]\nfilter = /srv/mine[x=1]\naction = /srv/act\n"
	expect(t, plain("etc/b/jail.local", jail, "srv/mine.conf", "[Definition]\nfailregex = ^<x> <HOST>$\n", "srv/act.conf", "[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n"))
	expect(t, plain("etc/b/jail.local", jail, "srv/mine.conf", "[Definition]\nfailregex = ^(<HOST>$\n", "srv/act.conf", "[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n"),
		"/srv/mine.conf:2: [Definition] failregex: missing )")
	expect(t, plain("etc/b/jail.local", jail, "srv/mine.conf", "[Definition]\nfailregex = ^<HOST>$\n"),
		"/etc/b/jail.local:3: [f] action: there is no action \"/srv/act\"\n    hint: its file would be /srv/act.conf")
	expect(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/filter.d/f.conf", "[INCLUDES]\nbefore = iptables-common.conf\n[Definition]\nfailregex = ^<HOST>$\n",
		"etc/b/filter.d/iptables.conf", ""), "there is no file /etc/b/filter.d/iptables-common.conf to include\n    hint: fail2ban 1.0 put it into iptables.conf")
}

func TestFilesWithNearlyTheRightName(t *testing.T) {
	for name, want := range map[string]string{"jail.locla": "jail.local", "Jail.local": "jail.local", "jails.local": "jail.local", "jail.local.conf": "jail.conf",
		"fail2bann.local": "fail2ban.local", "jails.d/x.conf": "jail.d", "jail.conf.d/x.conf": "jail.d", "filters.d/x.conf": "filter.d",
		"jail.local.bak": "", "jail.conf.dpkg-dist": "", "paths-mine.conf": "", "README": "", "notes.txt": ""} {
		got := said(t, plain("etc/b/jail.local", "[f]\nfilter = f\n", "etc/b/"+name, ""))
		if want == "" && got != "" || want != "" && !strings.Contains(got, "/etc/b/"+strings.Split(name, "/")[0]+": nothing reads this name\n    hint: is "+want+" meant?") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
