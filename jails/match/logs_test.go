package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A logWriter makes up log lines, as they are once their date is cut out.
type logWriter struct{ r *rand.Rand }

func (w logWriter) of(texts ...string) string { return texts[w.r.IntN(len(texts))] }
func (w logWriter) n(limit int) int           { return w.r.IntN(limit) }
func (w logWriter) ip() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+w.n(222), w.n(256), w.n(256), 1+w.n(254))
}

func (w logWriter) user() string {
	return w.of("root", "anna", "backup", "deploy", "git", "admin", "oracle", "test", "ubuntu", "www-data")
}

// hostLog makes up a host's log: of a thousand lines, good are sshd's own and bad are failures, the others of other
// services.
func (w logWriter) hostLog(lines, good, bad int) []byte {
	var b strings.Builder
	for range lines {
		b.WriteString(" gate07 ")
		switch k := w.n(1000); {
		case k < bad:
			b.WriteString(w.failure())
		case k < bad+good:
			b.WriteString(w.session())
		default:
			b.WriteString(w.unrelated())
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func (w logWriter) failure() string {
	user, ip, port := w.user(), w.ip(), 1024+w.n(60000)
	text := [...]string{
		fmt.Sprintf("Failed password for invalid user %s from %s port %d ssh2", user, ip, port),
		fmt.Sprintf("Failed password for %s from %s port %d ssh2", user, ip, port),
		fmt.Sprintf("Invalid user %s from %s port %d", user, ip, port),
		fmt.Sprintf("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=%s  user=%s", ip, user),
		fmt.Sprintf("Connection closed by authenticating user %s %s port %d [preauth]", user, ip, port),
	}
	return fmt.Sprintf("sshd[%d]: %s", 300+w.n(99000), text[w.n(len(text))])
}

func (w logWriter) session() string {
	user, ip, port := w.user(), w.ip(), 1024+w.n(60000)
	text := [...]string{
		fmt.Sprintf("Accepted publickey for %s from %s port %d ssh2: ED25519 SHA256:%x", user, ip, port, w.r.Uint64()),
		fmt.Sprintf("pam_unix(sshd:session): session opened for user %s(uid=%d) by (uid=0)", user, w.n(2000)),
		fmt.Sprintf("pam_unix(sshd:session): session closed for user %s", user),
		fmt.Sprintf("Received disconnect from %s port %d:11: disconnected by user", ip, port),
		fmt.Sprintf("Disconnected from user %s %s port %d", user, ip, port),
	}
	return fmt.Sprintf("sshd[%d]: %s", 300+w.n(99000), text[w.n(len(text))])
}

func (w logWriter) unrelated() string {
	pid, unit := 300+w.n(99000), w.of("logrotate", "apt-daily", "man-db", "fstrim", "certbot", "snapd.refresh")+".service"
	text := [...]string{
		fmt.Sprintf("CRON[%d]: (root) CMD (cd / && run-parts --report /etc/cron.hourly)", pid),
		fmt.Sprintf("CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", pid),
		fmt.Sprintf("CRON[%d]: pam_unix(cron:session): session closed for user root", pid),
		fmt.Sprintf("systemd[1]: Starting %s - Daily activities...", unit),
		fmt.Sprintf("systemd[1]: %s: Deactivated successfully.", unit),
		fmt.Sprintf("systemd[1]: %s: Consumed %d.%03ds CPU time.", unit, w.n(9), w.n(1000)),
		fmt.Sprintf("sudo: %8s : TTY=pts/%d ; PWD=/home/%s ; USER=root ; COMMAND=/usr/bin/systemctl restart nginx", w.user(), w.n(9), w.user()),
		fmt.Sprintf("kernel: [%5d.%06d] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:ab:cd:ef SRC=%s DST=10.0.0.5 LEN=40 TOS=0x00 TTL=243 ID=%d PROTO=TCP SPT=%d DPT=%d WINDOW=1024 SYN URGP=0", w.n(99999), w.n(999999), w.ip(), w.n(65536), w.n(65536), w.n(65536)),
		fmt.Sprintf("kernel: [%5d.%06d] docker0: port %d(veth%07x) entered forwarding state", w.n(99999), w.n(999999), w.n(9), w.n(1<<28)),
		fmt.Sprintf("dockerd[%d]: time=\"2026-11-22T06:%02d:%02d.%09dZ\" level=info msg=\"ignoring event\" container=%016x%016x module=libcontainerd namespace=moby", pid, w.n(60), w.n(60), w.n(1e9), w.r.Uint64(), w.r.Uint64()),
		fmt.Sprintf("systemd-logind[%d]: New session %d of user %s.", pid, w.n(9999), w.user()),
		fmt.Sprintf("chronyd[%d]: Selected source %s (2.debian.pool.ntp.org)", pid, w.ip()),
		fmt.Sprintf("postfix/qmgr[%d]: %010X: from=<%s@example.com>, size=%d, nrcpt=1 (queue active)", pid, w.r.Uint64()>>24, w.user(), w.n(99999)),
	}
	return text[w.n(len(text))]
}

// webLog makes up a web server's access log: three in a hundred requests are no good.
func (w logWriter) webLog(lines int) []byte {
	var b strings.Builder
	for range lines {
		agent := w.of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
			"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "curl/8.5.0")
		request := w.of("GET", "GET", "GET", "GET", "POST", "HEAD") + " " + w.of("/", fmt.Sprintf("/static/app.%08x.js", w.r.Uint32()), fmt.Sprintf("/api/v1/items/%d", w.n(99999)), "/search?q=words&page=2") + " HTTP/1.1"
		status := w.of("200", "200", "200", "200", "200", "200", "304", "302", "404")
		switch w.n(100) {
		case 0:
			request, status = "GET "+w.of("/phpmyadmin/index.php", "/wp-login.php", "/cgi-bin/test.cgi", "/mysqladmin/")+" HTTP/1.1", "404"
		case 1:
			request, status = w.of(`\x16\x03\x01\x02\x00\x01`, `\x04\x01\x00\x50`), "400"
		case 2:
			request, status = "GET /dashboard/ HTTP/1.1", "401"
		}
		fmt.Fprintf(&b, "%s - - [] \"%s\" %s %d \"-\" \"%s\"\n", w.ip(), request, status, 100+w.n(90000), agent)
	}
	return []byte(b.String())
}
