package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// root is the files of other programs that the readings look at.
func root() fstest.MapFS {
	return fstest.MapFS{
		"etc/ufw/applications.d/web":              {Data: []byte("[Web Full]\ntitle=x\nports=80,443/tcp|53\n")},
		"usr/lib/firewalld/services/jabber.xml":   {Data: []byte(`<service><port protocol="tcp" port="5222"/><port protocol="tcp" port="5269"/></service>`)},
		"etc/firewalld/firewalld.conf":            {Data: []byte("DefaultZone=home\n")},
		"usr/lib/firewalld/services/ignored.conf": {},
	}
}

// summary is a reading in a few lines.
func summary(r Reading) string {
	var all []string
	for _, b := range r.Blocks {
		line := fmt.Sprintf("block ports %s of %s in %s: %s", strings.Join(b.Ports, ","), strings.Join(b.Protocols, ","), strings.Join(b.Chains, ","), b.Target)
		if b.Egress {
			line += ", outward"
		}
		if b.Wide > 0 {
			line += fmt.Sprintf(", /%d", b.Wide)
		}
		all = append(all, line)
	}
	for _, s := range r.Sets {
		all = append(all, fmt.Sprintf("set %s /%d", s, r.Wide))
	}
	for _, s := range r.Undone {
		all = append(all, "not "+s.Why)
	}
	if len(r.Passes) > 0 {
		all = append(all, "passes")
	}
	for _, s := range r.Others {
		all = append(all, "other "+s)
	}
	if r.Logs {
		all = append(all, "logs")
	}
	if all == nil {
		all = []string{"nothing"}
	}
	return strings.Join(all, "\n")
}

// Commands that are cut off come to something, too.
func TestHalfCommands(t *testing.T) {
	all := []string{"sudo -n", "sudo -u root > /x", "timeout 5", "env A=b", "ip -4", "ufw app info", "flock /x", "iptables -I INPUT !"}
	for _, file := range []string{"iptables", "conditions", "programs"} {
		text, err := os.ReadFile(filepath.Join("testdata", file+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(string(text), "\n")...)
	}
	for _, command := range all {
		for i := range len(command) + 1 {
			r := Read([]Script{{"actionban", command[:i]}}, root())
			for _, b := range r.Blocks {
				if len(b.Chains) == 0 || len(b.Protocols) == 0 {
					t.Errorf("%s: %+v", command[:i], b)
				}
			}
		}
	}
}

// TestReadings reads commands as people write them: those of actionstart, if any, before a line @@, those of actionban,
// and after a line => what they come to.
func TestReadings(t *testing.T) {
	for _, file := range []string{"iptables", "conditions", "programs"} {
		text, err := os.ReadFile(filepath.Join("testdata", file+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for c := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n%%\n") {
			commands, want, _ := strings.Cut(c, "\n=>\n")
			start, ban, ok := strings.Cut(commands, "\n@@\n")
			if !ok {
				start, ban = "", commands
			}
			got := summary(Read([]Script{{"actionstart", start}, {"actionban", ban}}, root()))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s:\n%s", commands, diff)
			}
		}
	}
}
