package firewall

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRules(t *testing.T) {
	const set = "-m set --match-set bailiff4-j src "
	const reject = "-j REJECT --reject-with icmp-port-unreachable"
	for _, c := range []struct {
		name string
		spec Spec
		hook string
		v6   bool
		want []string
	}{
		{"nothing said", Spec{}, "INPUT", false, []string{"-p tcp " + set + reject}},
		{"service and range", Spec{Ports: []string{"ssh,80", "1000-1002"}, BlockType: "DROP"}, "INPUT", false,
			[]string{"-p tcp -m multiport --dports 22,80,1000:1002 " + set + "-j DROP"}},
		{"open ranges", Spec{Ports: []string{"60000:", ":21", "http:https"}, BlockType: "DROP"}, "INPUT", false,
			[]string{"-p tcp -m multiport --dports 0:21,80:443,60000:65535 " + set + "-j DROP"}},
		{"all protocols with ports", Spec{Ports: []string{"53"}, Protocols: []string{"all"}, BlockType: "DROP"}, "INPUT", false, []string{
			"-p tcp -m multiport --dports 53 " + set + "-j DROP", "-p udp -m multiport --dports 53 " + set + "-j DROP",
			"-p sctp -m multiport --dports 53 " + set + "-j DROP"}},
		{"only TCP can be reset", Spec{Protocols: []string{"all"}, BlockType: "REJECT --reject-with tcp-reset"}, "INPUT", false, []string{
			"-p tcp " + set + "-j REJECT --reject-with tcp-reset", set + reject}},
		{"reject type in IPv6", Spec{BlockType: "REJECT --reject-with icmp-host-prohibited"}, "INPUT", true, []string{
			"-p tcp -m set --match-set bailiff6-j src -j REJECT --reject-with icmp6-adm-prohibited"}},
		{"published port", Spec{Ports: []string{"8080"}}, "DOCKER-USER", false, []string{
			"-p tcp -m conntrack --ctstate DNAT --ctorigdstport 8080 --ctdir ORIGINAL " + set + reject}},
		{"chain that is named", Spec{Ports: []string{"8080"}, Chains: []string{"DOCKER-USER"}}, "DOCKER-USER", false, []string{
			"-p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL " + set + reject, "-p tcp -m multiport --dports 8080 " + set + reject}},
		{"egress", Spec{Egress: true, AllPorts: true}, "OUTPUT", false, []string{"-p tcp -m set --match-set bailiff4-j dst " + reject}},
		{"log", Spec{Log: true, BlockType: "DROP"}, "INPUT", false, []string{
			"-p tcp " + set + `-m limit --limit 6/min --limit-burst 2 -j LOG --log-prefix "bailiff j: "`, "-p tcp " + set + "-j DROP"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Jail = "j"
			b, err := c.spec.block()
			if err != nil {
				t.Fatal(err)
			}
			f := families()[0]
			if c.v6 {
				f = families()[1]
			}
			got := []string(b.setRules(f, c.hook))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFaultsOfSpec(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Jail: "j", Ports: []string{"no-such-service"}}, `port "no-such-service"`},
		{Spec{Jail: "j", Ports: []string{"70000"}}, `port "70000"`},
		{Spec{Jail: "j", Ports: []string{"9:1"}}, "backwards"},
		{Spec{Jail: "j", Protocols: []string{"ipx"}}, `protocol "ipx"`},
		{Spec{Jail: "j", Protocols: []string{"icmp"}, Ports: []string{"22"}}, "has no ports"},
		{Spec{Jail: "j", BlockType: "REJECT --reject-with nonsense"}, `no type "nonsense"`},
		{Spec{Jail: "j", BlockType: "ACCEPT"}, `blocktype "ACCEPT"`},
		{Spec{Jail: "my jail"}, "a set cannot have the name"},
	} {
		if _, err := c.spec.block(); err == nil || c.spec.Check() == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error is %v, want %q", c.spec, err, c.want)
		}
	}
}

func TestMultiportsHoldFifteen(t *testing.T) {
	var words []string
	for i := range 40 {
		words = append(words, strings.Repeat("1", i%4+1)+"0", "2000:2010")
	}
	ports, err := parsePorts(words)
	if err != nil {
		t.Fatal(err)
	}
	want := []portRange{{10, 10}, {110, 110}, {1110, 1110}, {2000, 2010}, {11110, 11110}}
	if diff := cmp.Diff(want, ports, cmp.AllowUnexported(portRange{})); diff != "" {
		t.Error(diff)
	}
	var many []portRange
	for i := range uint16(20) {
		many = append(many, portRange{i * 10, i*10 + i%2})
	}
	for _, rule := range multiports(many) {
		if n := len(strings.FieldsFunc(rule, func(r rune) bool { return r == ',' || r == ':' })); n > 15 {
			t.Errorf("%d ports in one rule: %s", n, rule)
		}
	}
}

func TestSetNames(t *testing.T) {
	f := families()[1]
	if got := f.setName("sshd"); got != "bailiff6-sshd" {
		t.Error(got)
	}
	long := strings.Repeat("x", 40)
	a, b := f.setName(long), f.setName(long+"y")
	if len(a) != 31 || len(b) != 31 || a == b || !strings.HasPrefix(a, "bailiff6-xxxx") {
		t.Errorf("names of long jails are %s and %s", a, b)
	}
}
