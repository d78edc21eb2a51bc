package packaging

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link finds the links of a document that lead to another file.
var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// The documents are shipped as they lie here, README.md and CHANGELOG.md above the folder docs: what they link to must be
// among them, or a reader on an installed machine is led nowhere.
func TestDocumentsLinkToWhatIsShipped(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"../README.md", "../CHANGELOG.md", "../docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d documents, %v", pattern, len(found), err)
		}
		documents = append(documents, found...)
	}
	shipped := map[string]bool{}
	for _, d := range documents {
		shipped[d] = true
	}
	for _, d := range documents {
		text, err := os.ReadFile(d)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if to := filepath.Join(filepath.Dir(d), m[1]); !shipped[to] {
					t.Errorf("%s:%d: links to %s, which is not shipped", d, i+1, m[1])
				}
			}
		}
	}
}

// How the service is made to use fail2ban's configuration is said in several places, and the same in each.
func TestTheDropInIsDescribedAlike(t *testing.T) {
	lines := []string{
		"mkdir -p /etc/systemd/system/bailiff.service.d",
		"cp /usr/share/bailiff/systemd/bailiff-fail2ban.conf /etc/systemd/system/bailiff.service.d/",
		"systemctl daemon-reload && systemctl restart bailiff",
	}
	const margin = `\n[#\s]*`
	want := regexp.MustCompile(margin + strings.ReplaceAll(regexp.QuoteMeta(strings.Join(lines, "\n")), "\n", margin) + `\n`)
	for _, file := range []string{"../README.md", "../docs/packages.md", "deb/postinst", "rpm/post.sh", "systemd/bailiff-fail2ban.conf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !want.Match(text) {
			t.Errorf("%s does not say\n%s", file, strings.Join(lines, "\n"))
		}
	}
	drop, err := os.ReadFile("systemd/bailiff-fail2ban.conf")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(drop), "\nExecStart=\nExecStart=/usr/bin/bailiff run --config /etc/fail2ban\n") {
		t.Error("the drop-in does not replace the unit's command")
	}
}
