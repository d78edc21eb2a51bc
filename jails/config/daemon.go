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
		LogLevel: logLevel(opts.text("loglevel")), LogTarget: logTarget(opts.text("logtarget")), Socket: opts.text("socket"), DBFile: opts.text("dbfile"),
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
	if v, ok := opts.get("loglevel"); ok {
		if _, ok := logWeight(v.text()); !ok {
			b.daemonFault(v, "loglevel", fmt.Sprintf("%q is not understood", v.text()), "write one of "+strings.Join(levelWords, ", "))
		}
	}
	b.checkPlaces(opts)
	oneOf("journal.reader", "auto", "native", "sdjournal")
	if v, ok := opts.get("journal.reader"); ok && !hasLibsystemd && strings.EqualFold(v.text(), "sdjournal") {
		b.daemonFault(v, "journal.reader", "this bailiff was built without systemd's library",
			"write auto or native, or build it with CGO_ENABLED=1 and -tags sdjournal")
	}
	oneOf("firewall", "auto", "iptables", "nftables", "iptables-plain", "dry")
	b.checkAllowIPv6(opts)
	if v, ok := opts.get("dbpurgeage"); ok {
		if _, err := ParseDuration(v.text()); err != nil {
			b.daemonFault(v, "dbpurgeage", err.Error(), "write a time such as 1d or 48h")
		}
	}
}

// checkAllowIPv6 reads what fail2ban reads as false with a warning.
func (b *builder) checkAllowIPv6(opts *settings) {
	v, ok := opts.get("allowipv6")
	if !ok || slices.Contains([]string{"auto", "yes", "no", "1", "on", "true", "0", "off", "false", ""}, strings.ToLower(v.text())) {
		return
	}
	message, hint := explained(v.text(), fmt.Sprintf("%q is read as no", v.text()), "write auto, yes or no")
	b.warn(v.from.Fault(0, definitionSection, "allowipv6", message, hint))
	v.value = "no"
	opts.set("allowipv6", v)
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
	return s == "" || isLogFile(s) ||
		slices.Contains([]string{"STDERR", "STDOUT", "SYSOUT", "SYSLOG", "SYSTEMD-JOURNAL", "INHERITED"}, strings.TrimSpace(word))
}

// isLogFile reports whether a target is a path. A word without slash or dot is a misspelt one of the other targets.
func isLogFile(s string) bool { return strings.ContainsAny(s, "/.") }

// logTarget is a target as the log takes it. A path begins at the root, where fail2ban's daemon works.
func logTarget(s string) string {
	switch {
	case strings.EqualFold(s, "INHERITED"): // what the process has: standard error
		return "STDERR"
	case isLogFile(s) && !strings.HasPrefix(s, "/") && !strings.Contains(s, "["):
		return "/" + s
	}
	return s
}

// levelWords are fail2ban's log levels, by falling weight.
var levelWords = []string{"CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "MSG", "DEBUG", "TRACEDEBUG", "HEAVYDEBUG"}

// logWeights are what Python's logging weighs every name of a level by.
var logWeights = map[string]int{
	"CRITICAL": 50, "FATAL": 50, "ERROR": 40, "WARNING": 30, "WARN": 30, "NOTSET": 30, "NOTICE": 25, "INFO": 20, "MSG": 18,
	"DEBUG": 10, "TRACEDEBUG": 7, "HEAVYDEBUG": 5,
}

// logWeight is how much a log level weighs; ok is false when there is none of the name.
func logWeight(level string) (weight int, ok bool) {
	if n, err := strconv.Atoi(level); err == nil {
		return n, true
	}
	weight, ok = logWeights[strings.ToUpper(level)]
	return weight, ok
}

// logLevel is the usual name of a level. NOTSET leaves it to Python's root logger, which is at WARNING.
func logLevel(name string) string {
	weight, ok := logWeights[strings.ToUpper(name)]
	if !ok || slices.Contains(levelWords, strings.ToUpper(name)) {
		return name
	}
	for _, w := range levelWords {
		if logWeights[w] == weight {
			return w
		}
	}
	return name
}

func (b *builder) daemonFault(v setting, option, message, hint string) {
	message, hint = explained(v.text(), message, hint)
	b.fault(v.from.Fault(0, definitionSection, option, message, hint))
}
