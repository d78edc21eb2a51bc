//go:build bars

package jails

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"bailiff/jails/event"
)

// A mix says what a generated log consists of: shares of failed and of accepted logins to sshd, the rest being other
// services' lines, or a web server's requests.
type mix struct {
	failed, accepted float64
	web              bool
}

var (
	ordinary = mix{failed: 0.01, accepted: 0.005}
	attacked = mix{failed: 0.12, accepted: 0.03}
	stormed  = mix{failed: 0.5, accepted: 0.2}
	access   = mix{web: true}
)

// A madeLog is the same lines twice: as a file has them, and without dates, as the journal has them.
type madeLog struct {
	lines int
	file  []byte
	bare  []byte
	ends  []int // of the lines in bare
}

// makeLog makes the log of one host after the other, each of its own seed.
func makeLog(m mix, lines int, seeds ...uint64) madeLog {
	var file, bare strings.Builder
	l := madeLog{lines: lines / len(seeds) * len(seeds)}
	at := time.Now().Add(-time.Minute)
	for _, seed := range seeds {
		h := host{Rand: rand.New(rand.NewPCG(seed, 5)), name: fmt.Sprintf("srv%02d", seed)}
		for i := range lines / len(seeds) {
			before, stamp, after := h.line(m, at.Add(time.Duration(i)*time.Millisecond/20))
			file.WriteString(before + stamp + after + "\n")
			bare.WriteString(before + after + "\n")
			l.ends = append(l.ends, bare.Len())
		}
	}
	l.file, l.bare = []byte(file.String()), []byte(bare.String())
	return l
}

// A host makes up lines.
type host struct {
	*rand.Rand
	name string
}

func (h *host) line(m mix, at time.Time) (before, stamp, after string) {
	if m.web {
		before, after = h.request()
		return before, at.Format("02/Jan/2006:15:04:05 -0700"), after
	}
	text := ""
	switch p := h.Float64(); {
	case p < m.failed:
		text = h.login(h.pick(failures))
	case p < m.failed+m.accepted:
		text = h.login(h.pick(logins))
	default:
		text = h.fill(h.pick(others))
	}
	return "", at.Format(time.Stamp), " " + h.name + " " + text
}

func (h *host) pick(from []string) string { return from[h.IntN(len(from))] }

func (h *host) login(text string) string {
	return fmt.Sprintf("sshd[%d]: ", 300+h.IntN(90000)) + h.fill(text)
}

// fill puts made-up values in place of words in capitals.
func (h *host) fill(text string) string {
	for _, w := range []struct {
		word string
		make func() string
	}{
		{"ADDR", h.address},
		{"USER", func() string { return h.pick(users) }},
		{"UNIT", func() string { return h.pick(units) }},
		{"HEX", func() string { return fmt.Sprintf("%08x", h.Uint32()) }},
		{"NUM", func() string { return fmt.Sprint(1000 + h.IntN(60000)) }},
		{"KEY", func() string { return fmt.Sprintf("%016x%016x", h.Uint64(), h.Uint64()) }},
	} {
		for strings.Contains(text, w.word) {
			text = strings.Replace(text, w.word, w.make(), 1)
		}
	}
	return text
}

func (h *host) address() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+h.IntN(222), h.IntN(4), h.IntN(4), 1+h.IntN(254))
}

// request is a line of a web server around its date: 1 % look for weak spots, 1 % are no HTTP, 1 % are refused.
func (h *host) request() (before, after string) {
	request, status := h.pick(methods)+" "+h.fill(h.pick(pages))+" HTTP/1.1", h.pick([]string{"200", "200", "200", "304", "302"})
	switch p := h.Float64(); {
	case p < 0.01:
		request, status = "GET "+h.pick(probes)+" HTTP/1.1", "404"
	case p < 0.02:
		request, status = h.pick(nonsense), "400"
	case p < 0.03:
		request, status = "GET /admin/ HTTP/1.1", "401"
	}
	return h.address() + " - - [", fmt.Sprintf(`] "%s" %s %d "%s" "%s"`, request, status, 100+h.IntN(90000),
		h.pick(referers), h.pick(browsers))
}

// blocks parts the log into blocks as sources read them; with bare, the journal's.
func (l madeLog) blocks(bare bool) (all []*event.Block) {
	const size = 256 << 10
	text := l.file
	if bare {
		text = l.bare
	}
	now, line := time.Now(), 0
	for start := 0; start < len(text); {
		end := len(text)
		if start+size < end {
			end = start + strings.LastIndexByte(string(text[start:start+size]), '\n') + 1
		}
		b := &event.Block{Origin: "/log", Text: text[start:end], Live: true}
		for at := start; bare && at < end; line++ {
			b.Entries = append(b.Entries, event.Entry{Start: at - start, Time: now})
			at = l.ends[line]
		}
		all = append(all, b)
		start = end
	}
	return all
}

var (
	users    = strings.Fields("root alice bob deploy git www-data ubuntu admin oracle test jenkins backup pi user7")
	units    = strings.Fields("logrotate apt-daily man-db fstrim certbot tmpfiles-clean user@1000 session-12")
	failures = []string{
		"Failed password for invalid user USER from ADDR port NUM ssh2",
		"Failed password for invalid user USER from ADDR port NUM ssh2",
		"Failed password for USER from ADDR port NUM ssh2",
		"Failed password for root from ADDR port NUM ssh2",
		"Invalid user USER from ADDR port NUM",
		"Connection closed by authenticating user USER ADDR port NUM [preauth]",
		"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=ADDR  user=USER",
		"error: maximum authentication attempts exceeded for USER from ADDR port NUM ssh2 [preauth]",
	}
	logins = []string{
		"Accepted publickey for USER from ADDR port NUM ssh2: ED25519 SHA256:KEY",
		"pam_unix(sshd:session): session opened for user USER(uid=NUM) by (uid=0)",
		"pam_unix(sshd:session): session closed for user USER",
		"Received disconnect from ADDR port NUM:11: disconnected by user",
	}
	others = []string{
		"CRON[NUM]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
		"CRON[NUM]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
		"CRON[NUM]: pam_unix(cron:session): session closed for user root",
		"systemd[1]: Started UNIT - rotation of what is old and has to go.",
		"systemd[1]: UNIT: Deactivated successfully.",
		"systemd[1]: Finished UNIT - clean up of temporary directories.",
		"systemd[1]: UNIT: Consumed 1.NUMs CPU time.",
		"sudo:    USER : TTY=pts/3 ; PWD=/home/USER ; USER=root ; COMMAND=/usr/bin/systemctl restart nginx",
		"kernel: [NUM.123456] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:ab:cd:ef SRC=ADDR DST=10.0.0.5 LEN=40 TTL=243 ID=NUM PROTO=TCP SPT=NUM DPT=23 WINDOW=1024 SYN URGP=0",
		"kernel: [NUM.123456] docker0: port 2(vethHEX) entered forwarding state",
		`dockerd[NUM]: time="2026-11-22T06:10:11.123456789Z" level=info msg="ignoring event" container=KEY module=libcontainerd namespace=moby topic=/tasks/delete`,
		"systemd-logind[NUM]: New session 77 of user USER.",
		"systemd-logind[NUM]: Removed session 77.",
		"dbus-daemon[NUM]: [system] Successfully activated service 'org.freedesktop.hostname1'",
		"chronyd[NUM]: Selected source ADDR (2.debian.pool.ntp.org)",
		"postfix/qmgr[NUM]: HEX: from=<USER@example.com>, size=NUM, nrcpt=1 (queue active)",
		"dhclient[NUM]: DHCPACK of 10.0.0.5 from 10.0.0.1",
	}
	methods = strings.Fields("GET GET GET GET GET GET GET POST HEAD")
	pages   = []string{"/", "/index.html", "/static/app.HEX.js", "/static/style.css", "/api/v1/items/NUM", "/images/hero-NUM.webp",
		"/blog/2026/11/how-to-NUM", "/favicon.ico", "/search?q=termNUM&page=2", "/cart", "/checkout/step-NUM"}
	probes   = []string{"/phpmyadmin/index.php", "/wp-login.php", "/cgi-bin/test.cgi", "/mysqladmin/", "/roundcube/"}
	nonsense = []string{`\x16\x03\x01\x02\x00\x01`, `\x04\x01\x00\x50`, "HELP"}
	referers = []string{"-", "https://example.com/", "https://www.google.com/"}
	browsers = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1",
		"curl/8.5.0",
	}
)
