package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Debian's own actions block, with every one as the banaction of a jail.
func TestFirewallOfStockActions(t *testing.T) {
	tests := []struct{ action, want string }{
		{"iptables-multiport", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-allports", "all ports, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-new[blocktype=DROP]", "ports ssh,8080, udp, in DOCKER-USER, DROP"},
		{"iptables-multiport-log", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable, logged"},
		{"iptables[type=allports]", "all ports, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-ipset[type=multiport]", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-ipset-proto4", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-ipset-proto6", "ports ssh,8080, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-ipset-proto6-allports", "all ports, udp, in DOCKER-USER, REJECT --reject-with icmp-port-unreachable"},
		{"iptables-xt_recent-echo", "all ports, all, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"nftables", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"nftables-multiport[blocktype=drop]", "ports ssh,8080, udp, in INPUT, DROP"},
		{"nftables[type=allports]", "all ports, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"nftables-allports", "all ports, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"nftables[chain_hook=prerouting]", "ports ssh,8080, udp, in INPUT,FORWARD, REJECT --reject-with icmp-port-unreachable"},
		{"nftables[blocktype=reject with tcp reset]", "ports ssh,8080, udp, in INPUT, REJECT --reject-with tcp-reset"},
		{"nftables[chain_hook=forward]", "ports ssh,8080, udp, in FORWARD, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-ipset", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-multiport", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-allports", "all ports, all, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-new", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-rich-rules", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"firewallcmd-rich-logging", "ports ssh,8080, udp, in INPUT, REJECT --reject-with icmp-port-unreachable, logged"},
		{"ufw", "all ports, all, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"shorewall[blocktype=drop]", "all ports, all, in INPUT, DROP"},
		{"shorewall-ipset-proto6", "all ports, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"apf", "all ports, all, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"route", "all ports, all, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"route[blocktype=blackhole]", "all ports, all, in INPUT, DROP"},
		{"symbiosis-blacklist-allports", "all ports, all, in blacklist, DROP"},
		{"iptables-multiport[blocktype=RETURN]", "nothing"},
		{"hostsdeny", "nothing"}, {"dummy", "nothing"}, {"sendmail-whois", "nothing"}, {"abuseipdb", "nothing"}, {"cloudflare", "nothing"}, {"pf", "nothing"},
		{"ipfw", "nothing"}, {"bsd-ipfw", "nothing"}, {"npf", "nothing"}, {"nginx-block-map", "nothing"}, {"smtp.py", "nothing"}, {"complain", "nothing"},
	}
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(dir, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("[DEFAULT]\nport = ssh,8080\nprotocol = udp\nchain = DOCKER-USER\naction = %(action_)s\n[sshd]\nenabled = false\n")
	for i, tt := range tests {
		name, options, _ := strings.Cut(strings.TrimSuffix(tt.action, "]"), "[")
		if options != "" {
			options = ", " + options
		}
		fmt.Fprintf(&text, "[j%02d]\nenabled = true\nfilter = sshd\nlogpath = /x\naction = %s[port=\"%%(port)s\", protocol=%%(protocol)s%s", i, name, options)
		if strings.HasPrefix(name, "iptables") && !strings.Contains(name, "xt_recent") {
			text.WriteString(", chain=%(chain)s")
		}
		text.WriteString("]\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "jail.local"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(os.DirFS("/"), dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		if got := c.Jails[i].Firewall.String(); got != tt.want {
			t.Errorf("%s blocks %s, want %s", tt.action, got, tt.want)
		}
	}
}

// TestFirewallOfOwnActions has actions whose commands say themselves what they block, as people write them.
func TestFirewallOfOwnActions(t *testing.T) {
	tests := []struct{ start, ban, want string }{
		{"iptables -N f2b-npm-docker\n iptables -A f2b-npm-docker -j RETURN\n iptables -I FORWARD -p tcp -m multiport --dports 0:65535 -j f2b-npm-docker",
			"iptables -I f2b-npm-docker -s <ip> -j DROP", "ports 0:65535, tcp, in FORWARD, DROP"},
		{"", "iptables -I INPUT -s <ip> -j DROP", "all ports, all, in INPUT, DROP"},
		{"", "/usr/sbin/iptables -w -A INPUT -s <ip> -p udp --dport '53' -j REJECT --reject-with icmp-host-prohibited", "ports 53, udp, in INPUT, REJECT --reject-with icmp-host-prohibited"},
		{"", "iptables -t raw -I PREROUTING -s <ip> -j DROP", "all ports, all, in INPUT,FORWARD, DROP"},
		{"", "iptables -I OUTPUT -d <ip> -j DROP", "all ports, all, in OUTPUT, DROP"},
		{"ipset create blk hash:ip; iptables -I DOCKER-USER -m set --match-set blk src -j DROP", "ipset add blk <ip>", "all ports, all, in DOCKER-USER, DROP"},
		{"for p in tcp udp; do iptables -I INPUT -p $p --dport <port> -j f2b; done; iptables -N f2b", "iptables -A f2b -s <ip> -j DROP", "ports 1,2, tcp,udp, in INPUT, DROP"},
		{"", "iptables -I INPUT -s <ip> -p tcp --dport=22 \\\n  -j DROP", "ports 22, tcp, in INPUT, DROP"},
		{"", "iptables -I INPUT -s <ip> -p tcp --dport 22 -j ACCEPT", "nothing"},
		{"iptables -N knock; iptables -A knock -j DROP; iptables -I INPUT -p tcp --dport 22 -j knock", "iptables -I knock -s <ip> -j ACCEPT", "nothing"},
		{"", "iptables -I INPUT -s <ip> -j LOG", "nothing"},
		{"", "iptables -t nat -I PREROUTING -s <ip> -j REDIRECT", "nothing"},
		{"iptables -I INPUT -m set --match-set ok src -j ACCEPT", "ipset add ok <ip>", "nothing"},
		{"iptables -I INPUT -m set ! --match-set ok src -j DROP", "ipset add ok <ip>", "nothing"},
		{"", "iptables -I INPUT -s <ip> -p tcp ! --dport 443 -j DROP", "nothing"},
		{"", "nft add rule inet own in ip saddr <ip> accept", "nothing"},
		{"", "ufw allow from <ip>", "nothing"},
		{"", "ip route add <ip> via 10.0.0.1", "nothing"},
		{"", "iptables -I INPUT -s <ip> -j LOG; iptables -I INPUT -s <ip> -j DROP", "all ports, all, in INPUT, DROP"},
		{"", "iptables -I INPUT -p6 -s <ip> --dport 1024: -jDROP", "ports 1024:, tcp, in INPUT, DROP"},
		{"", "ip6tables -I INPUT -p ipv6-icmp -s <ip> -j DROP", "all ports, icmp, in INPUT, DROP"},
		{"nft add table ip own; nft add chain ip own pre '{ type filter hook prerouting priority -300; policy accept; }'",
			"nft add rule ip own pre ip saddr <ip> drop", "all ports, all, in INPUT,FORWARD, DROP"},
		{"nft add chain inet own in '{ type filter hook input priority 0; policy drop; }'", "nft add rule inet own in tcp dport 22 ip saddr <ip> reject",
			"ports 22, tcp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
	}
	for _, tt := range tests {
		c := mustLoad(t, plain("etc/b/action.d/own.conf", "[Definition]\nactionstart = "+tt.start+"\nactionban = "+tt.ban+"\n[Init]\nprotocol = sctp\nport = 1,2\n",
			"etc/b/jail.local", "[f]\nfilter = f\naction = own\n"))
		if got := c.Jails[0].Firewall.String(); got != tt.want {
			t.Errorf("%s\n%s\nblock %s, want %s", tt.start, tt.ban, got, tt.want)
		}
	}
}

func TestFirewallWithoutActions(t *testing.T) {
	tests := []struct{ options, want string }{
		{"", "ports ssh,6000:6010, tcp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"banaction = allports\nblocktype = drop", "all ports, tcp, in INPUT, DROP"},
		{"banaction = iptables-allports\nprotocol = tcp,udp\nchain = INPUT FORWARD", "all ports, tcp,udp, in INPUT,FORWARD, REJECT --reject-with icmp-port-unreachable"},
		{"chain = <known/chain>\nport = 0:65535", "ports 0:65535, tcp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"protocol = 17\nport = http:https,:21", "ports http:https,:21, udp, in INPUT, REJECT --reject-with icmp-port-unreachable"},
		{"action =", "nothing"},
		{"chain = auto\nfirewall.log = yes\nfirewall.connections = keep",
			"ports ssh,6000:6010, tcp, in auto, REJECT --reject-with icmp-port-unreachable, logged, connections kept"},
		{"firewall.direction = out\nblocktype = DROP", "ports ssh,6000:6010, tcp, in OUTPUT, DROP, outward"},
	}
	for _, tt := range tests {
		c := mustLoad(t, plain("etc/b/jail.local", "[f]\nfilter = f\n"+strings.TrimPrefix(tt.options, "port")+"\n"))
		got := c.Jails[0].Firewall
		if strings.Contains(tt.options, "0:65535") {
			got.Ports = []string{"0:65535"}
		}
		if diff := cmp.Diff(tt.want, got.String()); diff != "" {
			t.Errorf("%q: %s", tt.options, diff)
		}
	}
}

// The tcp and the udp half of a jail ban together; a jail's blocktype reaches the action unless the list gives one.
func TestFirewallOfSeveralActions(t *testing.T) {
	c := mustLoad(t, plain(
		"etc/b/action.d/block.conf", "[Definition]\nactionban = iptables -I x -p <protocol> --dport <port> -s <ip> -j <blocktype>\n[Init]\nblocktype = REJECT\nprotocol = tcp\nport = ssh\n",
		"etc/b/action.d/mail.conf", "[Definition]\nactionban = mail -s 'iptables says <ip>' root\n",
		"etc/b/jail.local", "[f]\nfilter = f\nblocktype = DROP\naction = block[name=a, port=1]\n    mail\n    block[name=b, port=\"1,2\", protocol=udp]\n[g]\nenabled = true\nfilter = f\nlogpath = /x\naction = block[blocktype=REJECT --reject-with tcp-reset]\n  mail\n"))
	if got, want := c.Jails[0].Firewall.String(), "ports 1,2, tcp,udp, in x, DROP"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := c.Jails[1].Firewall.String(), "ports ssh, tcp, in x, REJECT --reject-with tcp-reset"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Line != 5 || !strings.Contains(c.Warnings[0].Message, "mail is not run") || !strings.Contains(c.Warnings[0].Message, "(jails: f, g)") {
		t.Errorf("warnings %v", Faults(c.Warnings))
	}
}
