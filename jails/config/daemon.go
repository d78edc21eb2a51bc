package config

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

var daemonOptions = []option{
	{"loglevel", str, nil},
	{"logtarget", str, nil},
	{"allowipv6", str, nil},
	{"dbmaxmatches", integer, nil},
	{"dbpurgeage", str, nil},
}

// privateOptions are read from bailiff.conf only. fail2ban's socket and database stay its own.
var privateOptions = append([]option{
	{"socket", str, nil},
	{"dbfile", str, nil},
	{"metrics", str, nil},
	{"firewall", str, nil},
	{"journal.reader", str, nil},
}, daemonOptions...)

// daemon reads the service's options from fail2ban.conf and over it from bailiff.conf. Those with faults are as if they
// were not set.
func (b *builder) daemon() Daemon {
	t := b.tree
	before := len(b.faults)
	opts := newSettings()
	if t.main.Has(definitionSection) {
		opts = opts.with(t.read(t.main, definitionSection, daemonOptions, newSettings(), true))
	}
	if t.own.Has(definitionSection) {
		opts = opts.with(t.read(t.own, definitionSection, privateOptions, newSettings(), true))
		t.unknownOptions()
	}
	b.checkDaemon(opts)
	for _, f := range b.faults[before:] {
		opts.drop(f.Option)
	}
	d := Daemon{
		LogLevel: opts.text("loglevel"), LogTarget: opts.text("logtarget"), Socket: opts.text("socket"), DBFile: opts.text("dbfile"),
		Firewall: strings.ToLower(opts.text("firewall")), JournalReader: strings.ToLower(opts.text("journal.reader")), AllowIPv6: opts.text("allowipv6"),
		DBPurgeAge: 24 * time.Hour, DBMaxMatches: 10,
	}
	if v, ok := opts.get("metrics"); ok {
		address := v.text()
		d.Metrics = &address
	}
	if v, ok := opts.get("dbmaxmatches"); ok {
		d.DBMaxMatches, _ = strconv.Atoi(v.value)
	}
	if v, ok := opts.get("dbpurgeage"); ok {
		d.DBPurgeAge, _ = ParseDuration(v.text())
	}
	return d
}

// unknownOptions warns of options of bailiff.conf that nothing reads.
func (t *tree) unknownOptions() {
	known := map[string]bool{}
	for _, o := range privateOptions {
		known[o.name] = true
	}
	for _, name := range t.own.Options(definitionSection) {
		if v, _ := t.own.Own(definitionSection, name); !known[name] {
			t.warn(v.Fault(0, definitionSection, name, "there is no such option", "the options are "+optionNames(privateOptions)))
		}
	}
}

func optionNames(table []option) string {
	var all []string
	for _, o := range table {
		all = append(all, o.name)
	}
	return strings.Join(all, ", ")
}

func (b *builder) checkDaemon(opts *settings) {
	oneOf := func(name string, words ...string) {
		v, ok := opts.get(name)
		if !ok {
			return
		}
		for _, w := range words {
			if strings.EqualFold(v.text(), w) {
				return
			}
		}
		b.daemonFault(v, name, fmt.Sprintf("%q is not understood", v.text()), "write one of "+strings.Join(words, ", "))
	}
	if v, ok := opts.get("loglevel"); ok && !isNumber(v.text()) {
		oneOf("loglevel", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "MSG", "DEBUG", "TRACEDEBUG", "HEAVYDEBUG")
	}
	b.checkPlaces(opts)
	oneOf("journal.reader", "auto", "native", "sdjournal")
	if v, ok := opts.get("journal.reader"); ok && !hasLibsystemd && strings.EqualFold(v.text(), "sdjournal") {
		b.daemonFault(v, "journal.reader", "this bailiff was built without systemd's library",
			"write auto or native, or build it with CGO_ENABLED=1 and -tags sdjournal")
	}
	oneOf("firewall", "auto", "iptables", "nftables", "iptables-plain", "dry")
	oneOf("allowipv6", "auto", "yes", "no", "1", "on", "true", "0", "off", "false")
	if v, ok := opts.get("dbpurgeage"); ok {
		if _, err := ParseDuration(v.text()); err != nil {
			b.daemonFault(v, "dbpurgeage", err.Error(), "write a time such as 1d or 48h")
		}
	}
}

// checkPlaces looks at where the service is to log and to listen.
func (b *builder) checkPlaces(opts *settings) {
	if v, ok := opts.get("logtarget"); ok && !isLogTarget(v.text()) {
		b.daemonFault(v, "logtarget", fmt.Sprintf("%q is not understood", v.text()),
			"write STDERR, STDOUT, SYSLOG, SYSTEMD-JOURNAL or the path of a file, from the root")
	}
	if v, ok := opts.get("metrics"); ok && v.text() != "" {
		host, port, err := net.SplitHostPort(v.text())
		if n, err2 := strconv.Atoi(port); err != nil || err2 != nil || n < 0 || n > 65535 || strings.ContainsAny(host, " /") {
			b.daemonFault(v, "metrics", fmt.Sprintf("%q is no address", v.text()), "write HOST:PORT, such as 127.0.0.1:9191, or nothing for no listener")
		}
	}
}

func isLogTarget(s string) bool {
	word, _, _ := strings.Cut(strings.ToUpper(s), "[")
	return s == "" || strings.HasPrefix(s, "/") ||
		slices.Contains([]string{"STDERR", "STDOUT", "SYSOUT", "SYSLOG", "SYSTEMD-JOURNAL"}, strings.TrimSpace(word))
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func (b *builder) daemonFault(v setting, option, message, hint string) {
	message, hint = explained(v.text(), message, hint)
	b.fault(v.from.Fault(0, definitionSection, option, message, hint))
}
