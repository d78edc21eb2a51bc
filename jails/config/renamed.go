package config

import (
	"cmp"
	"fmt"
	"strings"
)

// renamed are filters that fail2ban had, or that its users took it to have, and what does their
// work now.
var renamed = map[string]string{
	"ssh": "sshd", "openssh": "sshd", "ssh-ddos": "sshd[mode=ddos]",
	"ssh-aggressive": "sshd[mode=aggressive]", "sshd-session": "sshd", "sasl": "postfix[mode=auth]",
	"postfix-sasl": "postfix[mode=auth]", "saslauthd": "postfix[mode=auth]",
	"dovecot-auth": "dovecot", "dovecot-pop3imap": "dovecot", "dovecot-pop3": "dovecot",
	"dovecot-imap": "dovecot", "dovecot-ddos": "dovecot[mode=aggressive]",
	"couriersmtp": "courier-smtp", "courierlogin": "courier-auth", "courierauth": "courier-auth",
	"courierpop3": "courier-auth", "courierimap": "courier-auth", "lighttpd-fastcgi": "suhosin",
	"sendmail": "sendmail-auth", "sendmail-spam": "sendmail-reject", "apache": "apache-auth",
	"nginx": "nginx-http-auth", "nginx-auth": "nginx-http-auth", "nginx-login": "nginx-http-auth",
	"named": "named-refused", "named-refused-tcp": "named-refused",
	"named-refused-udp": "named-refused", "mysqld": "mysqld-auth", "mysql": "mysqld-auth",
	"mysqld-syslog": "mysqld-auth", "pam": "pam-generic", "roundcube": "roundcube-auth",
	"webmin": "webmin-auth", "selinux": "selinux-ssh", "haproxy": "haproxy-http-auth",
	"traefik-ddos": "traefik-auth[mode=ddos]", "exim-auth": "exim", "asterisk-tcp": "asterisk",
	"asterisk-udp": "asterisk", "phpmyadmin": "phpmyadmin-syslog", "fail2ban": "recidive",
}

// formerly is what a filter that is not there has become, as a hint; "" when nothing is known of
// it.
func (t *tree) formerly(name string) string {
	old := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	now := renamed[old]
	if i := strings.LastIndexByte(old, '-'); now == "" && i > 0 {
		now = fmt.Sprintf("%s[mode=%s]", old[:i], old[i+1:])
	}
	base, mode, _ := strings.Cut(strings.TrimSuffix(now, "]"), "[mode=")
	if base == "" {
		return ""
	}
	set, ok := t.set("filter.d/" + base)
	if _, offered := set.Own(definitionSection, "mdre-"+mode); !ok || mode != "" && !offered {
		return ""
	}
	if mode != "" {
		return "it has become a mode: write filter = " + now
	}
	return "write filter = " + now
}

// noFile is a hint for a filter or action that is not there.
func (t *tree) noFile(dir, name string) string {
	hint := "its file would be " + t.reader.Path(below(dir, name))
	if plain := strings.TrimSpace(name); plain != name {
		return hint + "; leave no blank before ["
	}
	if dir == "filter.d" {
		if now := t.formerly(name); now != "" {
			return hint + "; " + now
		}
	}
	return hint + t.similar(dir, name)
}

// listHint is how to write an item of a list of options, which is cut off where it can be
// understood no more. A value that has a comma needs quotes.
func listHint(option, list, item string) string {
	_, rest, _ := strings.Cut(list, item)
	whole, behind, _ := strings.Cut(item+rest, "]")
	if option == "action" && (strings.HasPrefix(behind, ",") || strings.HasPrefix(behind, ";")) {
		return fmt.Sprintf("leave out the %q behind ]: blanks and line ends part actions", behind[:1])
	}
	if name, value, ok := unquoted(whole); ok {
		return fmt.Sprintf(`put a value with commas in quotes: %s="%s"`, name, value)
	}
	return fmt.Sprintf(`write %s = name[option=value, option="value"]`, option)
}

// unquoted finds a value without quotes that has commas in it: words without = follow it.
func unquoted(item string) (name, value string, ok bool) {
	_, body, _ := strings.Cut(item, "[")
	parts := strings.Split(strings.TrimSuffix(strings.TrimSpace(body), "]"), ",")
	for i, p := range parts {
		n, v, assigned := strings.Cut(p, "=")
		if !assigned || strings.ContainsAny(v, `"'`) {
			continue
		}
		words := []string{strings.TrimSpace(v)}
		for _, next := range parts[i+1:] {
			if strings.ContainsAny(next, `="'[]`) {
				break
			}
			words = append(words, strings.TrimSpace(next))
		}
		if len(words) > 1 && cmp.Or(words[1:]...) != "" {
			return strings.TrimSpace(n), strings.Join(words, ","), true
		}
	}
	return "", "", false
}
