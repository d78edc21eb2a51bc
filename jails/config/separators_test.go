package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSeparatorsOfLists gives every stock action that closes ports the same ports in every way people part them. Where
// fail2ban's own command would fail or close other ports, both ports are closed or it is a fault, never one of them.
func TestSeparatorsOfLists(t *testing.T) {
	actions := []string{"iptables-multiport", "iptables", "iptables-new", "iptables-multiport-log", "iptables-ipset", "iptables-ipset-proto4",
		"iptables-ipset-proto6", "nftables", "nftables-multiport", "firewallcmd-ipset", "firewallcmd-multiport", "firewallcmd-new",
		"firewallcmd-rich-rules", "firewallcmd-rich-logging"}
	values := []struct{ option, text, want string }{
		{"port", "ssh,8080", "ports ssh,8080,"}, {"port", "ssh, 8080", "ports ssh,8080,"}, {"port", "ssh ,8080", "ports ssh,8080,"},
		{"port", "ssh,\n   8080", "ports ssh,8080,"}, {"port", "ssh\n   8080", "ports ssh,8080,"}, {"port", "22,80,", "ports 22,80,"},
		{"port", "22-25, 80", "ports 22:25,80,"}, {"port", "22:25", "ports 22:25,"},
		{"port", "22 80", ""}, {"port", "22;2222", ""}, {"port", "http|https", ""}, {"port", "22&80", ""}, {"port", "22/tcp", ""}, {"port", "a+b c", ""},
		{"protocol", "tcp,udp", " tcp,udp,"}, {"protocol", "tcp, udp", " tcp,udp,"}, {"protocol", "TCP", " tcp,"},
		{"protocol", "tcp;udp", ""}, {"protocol", "tcp|udp", ""}, {"protocol", "tcp/udp", ""},
		{"chain", "INPUT, FORWARD", " in INPUT,FORWARD,"}, {"chain", "INPUT,FORWARD", " in INPUT,FORWARD,"}, {"chain", "INPUT FORWARD", " in INPUT,FORWARD,"},
		{"chain", "input", " in INPUT,"}, {"chain", "Docker-User", " in DOCKER-USER,"}, {"chain", "prerouting", ""},
		{"chain", "INPUT;FORWARD", ""}, {"chain", "INPUT|FORWARD", ""},
	}
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(dir, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		text := "[DEFAULT]\naction = %(action_)s\n[sshd]\nenabled = false\n"
		for i, action := range actions {
			text += fmt.Sprintf("[j%02d]\nenabled = true\nfilter = sshd\nlogpath = /x\nbanaction = %s\n%s = %s\n", i, action, v.option, v.text)
		}
		if err := os.WriteFile(filepath.Join(dir, "jail.local"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Load(os.DirFS("/"), dir)
		for i, action := range actions {
			want := v.want
			switch {
			case v.option == "chain" && !strings.HasPrefix(action, "iptables"):
				continue // their chain is not of iptables, and Debian's list gives them none
			case strings.Contains(action, "rich") && strings.Contains(v.text, " ") && v.want == "":
				want = "," // its command parts ports at blanks
			case strings.Contains(action, "rich") && v.text == "22/tcp":
				continue
			}
			told := fmt.Sprintf("[j%02d] %s: ", i, v.option)
			switch {
			case want == "":
				if err == nil || !strings.Contains(err.Error(), told) || !strings.Contains(err.Error(), "hint: ") {
					t.Errorf("%s: %s = %q: want a fault, not %v", action, v.option, v.text, err)
				}
			case err != nil:
				if v.want != "" || strings.Contains(err.Error(), told) {
					t.Errorf("%s: %s = %q: %v", action, v.option, v.text, err)
				}
			case !strings.Contains(c.Jails[i].Firewall.String(), want):
				t.Errorf("%s: %s = %q: %s, want %s", action, v.option, v.text, c.Jails[i].Firewall, want)
			}
		}
	}
}

// A list that an action's own files give, or the jail's list of actions, is read and blamed as one of the jail's options.
func TestListsElsewhere(t *testing.T) {
	const script = "[Definition]\nactionban = iptables -I <chain> -p tcp -m multiport --dports <port> -s <ip> -j DROP\n[Init]\n"
	tests := []struct{ init, list, want string }{
		{"port = 22, 80\nchain = INPUT, DOCKER-USER", "own", "ports 22,80, tcp, in INPUT,DOCKER-USER, DROP"},
		{"port = 1\nchain = INPUT", `own[port="22, 80", chain="INPUT, FORWARD"]`, "ports 22,80, tcp, in INPUT,FORWARD, DROP"},
		{"port = 22;80\nchain = INPUT", "own", `etc/b/action.d/own.conf:4: [f] port: "22;80" is no port`},
		{"port = 1\nchain = INPUT;FORWARD", "own", `etc/b/action.d/own.conf:5: [f] chain: "INPUT;FORWARD" is no chain`},
		{"port = 1\nchain = INPUT", `own[port="22 80"]`, `etc/b/jail.local:3: [f] action: port of action own: "22 80" is no port`},
	}
	for _, tt := range tests {
		c, err := Load(plain("etc/b/action.d/own.conf", script+tt.init+"\n", "etc/b/jail.local", "[f]\nfilter = f\naction = "+tt.list+"\n"), "/etc/b")
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s %s: %v, want %s", tt.init, tt.list, err, tt.want)
			}
		} else if got := c.Jails[0].Firewall.String(); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.init, tt.list, got, tt.want)
		}
	}
}

// What is not done of an action is said once, with the command.
func TestWarningsOfActions(t *testing.T) {
	tests := []struct{ ban, want string }{
		{"iptables -I INPUT -m string --algo bm --string 'X-Forwarded-For: <ip>' -j DROP",
			"the action own is not run: it stops only packets that match -m string --algo bm --string X-Forwarded-For: <ip>: iptables -I INPUT"},
		{`ssh gw "iptables -I INPUT -s <ip> -j DROP"`, "the action own is not run: it commands a packet filter by way of ssh"},
		{"iptables -I INPUT -s <ip> -j DROP && echo <ip> >> /list; curl https://x; mail root < /etc/motd",
			"the action own blocks, but its other commands are not run: actionban: echo > /list, actionban: curl, actionban: mail (jails: f)"},
		{"iptables -I INPUT -s <ip> -j DROP; iptables -I FORWARD -i eth0 -s <ip> -j DROP",
			"the action own is not run as it is written: it stops only packets that match -i eth0: iptables -I FORWARD"},
		{"iptables -I INPUT -s <ip> -j DROP; iptables -I FORWARD -d <ip> -j DROP",
			"the action own is not run as it is written: packets to the banned are let through in FORWARD"},
		{"iptables -I INPUT -s <ip> -j LOG; iptables -I INPUT -s <ip> -j DROP", "packets are not logged, unless the jail says firewall.log = yes"},
		{"ipset add blk <ip>", "the rules that look at the set blk are not the action's"},
		{"mail root", "the action own is not run: it tells somebody"},
	}
	for _, tt := range tests {
		c := mustLoad(t, plain("etc/b/action.d/own.conf", "[Definition]\nactionban = "+tt.ban+"\n", "etc/b/jail.local", "[f]\nfilter = f\naction = own\n"))
		if warnings := Faults(c.Warnings).Error(); strings.Count(warnings, tt.want) != 1 {
			t.Errorf("%s: warnings\n%s\nwant %s", tt.ban, warnings, tt.want)
		}
	}
}
