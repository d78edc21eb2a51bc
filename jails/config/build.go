package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiff/jails/date"
)

// A builder turns a tree into jails that run, and collects what is wrong on the way.
type builder struct {
	*tree
	sections []*section
	remarks  map[string]*remark // of actions, by what they say
	said     []*remark          // the same as they came
	compiled map[string]*Jail   // the first jail with a filter, by definitionKey
}

// A section is one jail while it is built: its options and where faults of them are reported.
type section struct {
	*builder
	jail *jail
	own  *settings // options that fail2ban's stream does not have
	made *Jail     // what has become of it
}

func (s *section) get(option string) (setting, bool) {
	v, ok := s.jail.opts.get(option)
	if !ok {
		v, ok = s.own.get(option)
	}
	return v, ok && v.kind != void
}

func (s *section) text(option string) string {
	v, ok := s.get(option)
	if !ok {
		return ""
	}
	return v.text()
}

func (s *section) truth(option string, standard bool) bool {
	if v, ok := s.get(option); ok {
		return v.kind == boolean && v.value == yes
	}
	return standard
}

func (s *section) number(option string, standard int) int {
	if v, ok := s.get(option); ok {
		if n, err := strconv.Atoi(v.value); err == nil {
			return n
		}
	}
	return standard
}

func (s *section) duration(option string, standard time.Duration) (d time.Duration, ok bool) {
	v, ok := s.get(option)
	if !ok {
		return standard, true
	}
	d, err := ParseDuration(v.text())
	if err != nil {
		message := err.Error()
		if comment(v.text()) >= 0 {
			message = fmt.Sprintf("%q is not a time", v.text())
		}
		s.fault(option, 0, message, "write a time such as 600, 10m or 1d 12h")
	}
	return d, err == nil
}

// fault blames the nth line of an option of the jail.
func (s *section) fault(option string, n int, message, hint string) {
	s.report.fault(s.at(option, n, message, hint))
}

func (s *section) warn(option string, n int, message, hint string) {
	s.report.warn(s.at(option, n, message, hint))
}

func (s *section) at(option string, n int, message, hint string) *Fault {
	v, ok := s.get(option)
	if !ok || v.from == nil {
		return s.all.Header(s.jail.name).Fault(0, s.jail.name, option, message, hint)
	}
	if w, ok := s.written(option); ok && w.Place == v.from {
		return w.blame(n, s.jail.name, v.text(), message, hint)
	}
	return v.from.Fault(n, s.jail.name, option, message, hint)
}

// build makes one jail ready to run, unless something in it is wrong, which it notes.
func (b *builder) build(r *jail) *Jail {
	if r.broken {
		return nil
	}
	before := len(b.faults)
	defer func() { r.faults = append(r.faults, b.faults[before:]...) }()
	s := &section{builder: b, jail: r, own: b.read(b.all, r.name, ownOptions, r.opts, true)}
	b.sections = append(b.sections, s)
	j := &Jail{
		Name:          r.name,
		Place:         *s.all.Header(r.name).Fault(0, r.name, "", "", ""),
		Places:        map[string]Fault{},
		LogEncoding:   s.text("logencoding"),
		SkipIfNoLogs:  s.truth("skip_if_nologs", false),
		IgnoreSelf:    s.truth("ignoreself", true),
		IgnoreCommand: s.text("ignorecommand"),
	}
	s.made = j
	s.counting(j)
	s.sources(j)
	s.ignoring(j)
	s.matching(j)
	for _, option := range []string{"port", "protocol", "blocktype", "logencoding", "logpath", "backend"} {
		if v, ok := s.get(option); ok && v.from != nil {
			j.Places[option] = *v.from.Fault(0, r.name, option, "", "")
		}
	}
	j.Escalation = s.escalation()
	j.Firewall = s.stopping(s.firewall())
	return j
}

func (s *section) counting(j *Jail) {
	j.MaxRetry = s.number("maxretry", 3)
	j.MaxMatches = s.number("maxmatches", 5)
	var ok bool
	if j.FindTime, ok = s.duration("findtime", 10*time.Minute); ok && j.FindTime <= 0 {
		s.fault("findtime", 0, fmt.Sprintf("%q is no window", s.text("findtime")), "write a time above zero")
	}
	if j.BanTime, ok = s.duration("bantime", 10*time.Minute); ok && j.BanTime == 0 {
		s.fault("bantime", 0, fmt.Sprintf("%q bans nobody", s.text("bantime")), "write a time above zero, or -1 for a permanent ban")
	}
	if j.MaxRetry < 1 {
		s.warn("maxretry", 0, "the first failure bans, as with 1", "")
		j.MaxRetry = 1
	}
	switch mode := s.text("findtime.mode"); mode {
	case "sliding":
		j.Sliding = true
	case "", "rate":
	default:
		s.fault("findtime.mode", 0, fmt.Sprintf("%q is no mode", mode), "write sliding, or rate for fail2ban's way")
	}
}

func (s *section) ignoring(j *Jail) {
	j.IgnoreIP = splitWords(s.text("ignoreip"))
	for _, w := range j.IgnoreIP {
		const hint = "write an address, a network such as 10.0.0.0/8, a host name, or file:/path"
		line := lineOf(s.text("ignoreip"), w)
		v, _ := s.get("ignoreip")
		switch err := checkIgnored(w); {
		case err != nil:
			s.report.fault(v.from.Fault(line, s.jail.name, "ignoreip", err.Error(), hint))
		case sparesAll(w):
			s.report.warn(v.from.Fault(line, s.jail.name, "ignoreip", fmt.Sprintf("%s is everybody: the jail bans none of them", w),
				"name the addresses and networks that are to be spared"))
		case slices.Contains(fillers, strings.ToLower(w)):
			s.report.warn(v.from.Fault(line, s.jail.name, "ignoreip", fmt.Sprintf("%q is looked up as the name of a host", w),
				"leave a blank between addresses"))
		case comment(w) == 0:
			s.warn("ignoreip", line, fmt.Sprintf("%q is neither an address nor a host name", w), hint)
		case sparesNobody(w):
			s.report.warn(v.from.Fault(line, s.jail.name, "ignoreip", fmt.Sprintf("%q is neither an address nor a host name", w), hint))
		}
	}
	if cache := s.text("ignorecache"); cache != "" {
		j.IgnoreCache = cache
		if err := checkIgnoreCache(cache); err != nil {
			s.fault("ignorecache", 0, err.Error(), `write key="<F-USER>@<ip-host>", max-count=100, max-time=5m`)
		}
	}
}

// fillers are words that people put between addresses.
var fillers = []string{"and", "or", "und", "et", "y", "&", "+"}

// zone is the time zone of dates that name none, nil for the local one.
func (s *section) zone() *time.Location {
	name := s.text("logtimezone")
	if name == "" {
		return nil
	}
	z, err := date.ParseZone(name)
	if err != nil {
		s.fault("logtimezone", 0, err.Error(), "write UTC+0100, Z, or an abbreviation such as CET")
	}
	return z
}

// splitWords parts words at blanks, commas and line ends.
func splitWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}

// lineOf is the number of the line of text in which a word stands first.
func lineOf(text, word string) int {
	before, _, _ := strings.Cut(text, word)
	return strings.Count(before, "\n")
}
