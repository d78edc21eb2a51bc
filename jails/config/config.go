// Package config turns a configuration directory into runnable jails. It resolves jails, filters and actions as fail2ban
// 1.0.2 does; everything that can be wrong in a file is wrong here, and all of it at once.
package config

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
	"bailiff/jails/ini"
)

// A Fault is one thing that is wrong in a configuration, or in Config.Warnings one that is worth a look.
type Fault = ini.Fault

// Faults is everything that is wrong in a configuration, in the order of its files.
type Faults []Fault

// Error prints the faults one after another; see Fault.Error.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// A Config is what can run of a configuration, and what is wrong with the rest.
type Config struct {
	Daemon   Daemon    // options with faults are as if they were not set
	Jails    []*Jail   // the enabled ones that can run, in the order of fail2ban
	LeftOut  []LeftOut // the enabled ones that cannot
	Warnings []Fault

	Faults Faults // all of them
	Shared Faults // those in files that all jails share, of which nobody knows what they would have said
}

// A LeftOut is an enabled jail that cannot run, and why.
type LeftOut struct {
	Name   string
	Faults Faults
	Last   *Jail // as it was when it could run, whose bans stand; nil: nobody knows. Load does not know
}

// LeaveOut takes a jail that cannot run out of those that can, for faults that only others find.
func (c *Config) LeaveOut(jail string, faults Faults) {
	c.Jails = slices.DeleteFunc(c.Jails, func(j *Jail) bool { return j.Name == jail })
	c.LeftOut = append(c.LeftOut, LeftOut{Name: jail, Faults: faults})
	c.Faults = append(c.Faults, faults...)
}

// Holding are the jails that hold bans: those that run, and those that are left out as they were when they could run.
func (c *Config) Holding() []*Jail {
	all := slices.Clone(c.Jails)
	for _, l := range c.LeftOut {
		if l.Last != nil {
			all = append(all, l.Last)
		}
	}
	return all
}

// A Daemon is the options of the service itself, from [Definition] of fail2ban.conf and then bailiff.conf. An empty
// string says that the files leave the choice to the program.
type Daemon struct {
	LogLevel      string
	LogTarget     string
	Socket        string // bailiff.conf only, as is DBFile: fail2ban's own are never touched
	DBFile        string
	DBPurgeAge    time.Duration // 24 hours unless set
	DBMaxMatches  int           // 10 unless set
	Metrics       *string       // nil: not set; empty: no listener
	Firewall      string
	JournalReader string
	AllowIPv6     string // auto, yes, no
}

// A Jail is one enabled jail, ready to run. Nobody changes it after Load.
type Jail struct {
	Name       string
	Filter     *filter.Filter
	Definition filter.Definition // what Filter was compiled from

	Backend      string // auto, systemd, polling and so on, as written, without options
	LogPaths     []LogPath
	LogEncoding  string // as written; empty or auto: the locale's
	SkipIfNoLogs bool

	Journal         event.Selector // the jail's own match if it names one, else the filter's
	HasJournalMatch bool           // Journal holds a match
	OwnMatch        bool           // the jail itself names unit, identifier, priority or journalmatch
	JournalPath     string         // a directory of journals, and the other options of systemd[...]
	JournalFiles    []string       // paths of journal files, globs among them
	JournalFlags    int            // flags of sd_journal_open, 0: not set
	Namespace       string

	MaxRetry   int
	MaxMatches int
	FindTime   time.Duration
	BanTime    time.Duration // below 0: permanent
	Sliding    bool          // findtime.mode = sliding: count what lies in the window, no more
	Escalation *Escalation   // nil: bans do not grow

	UseDNS        string
	IgnoreSelf    bool
	IgnoreIP      []string // addresses, networks, names, and file:PATH, which is read later
	IgnoreCommand string
	IgnoreCache   string

	Firewall Firewall

	Place  Fault            // where the jail's section begins: a fault without a message
	Places map[string]Fault // the same of options that others check, too
}

// A LogPath is a glob of log files. With Tail their reading begins at the end.
type LogPath struct {
	Glob string
	Tail bool
}

// A Firewall is what the jail's ban action would have blocked.
type Firewall struct {
	Kind      string   // multiport, allports, or none when the jail bans nothing
	Ports     []string // names, numbers and ranges a:b
	Protocols []string
	Chains    []string
	BlockType string // "REJECT --reject-with icmp-port-unreachable", DROP and so on

	Log             bool // have the kernel log some of the packets that are stopped
	KeepConnections bool // leave alone the connections that somebody has when he is banned
	Egress          bool // stop packets to the banned, not from them

	Wide4, Wide6 int // the length of the network around a banned address that is blocked with it; 0: the address alone
}

// Load reads the configuration in the directory dir of a file system that holds everything: the path /etc/fail2ban is
// its etc/fail2ban. The error is of type Faults, and what it returns then is what can run all the same.
func Load(fsys fs.FS, dir string) (*Config, error) {
	c, _, err := load(fsys, dir)
	return c, err
}

func load(fsys fs.FS, dir string) (*Config, *builder, error) {
	b := &builder{tree: resolve(fsys, dir), remarks: map[string]*remark{}, compiled: map[string]*Jail{}}
	c := &Config{Daemon: b.daemon()}
	for _, j := range b.jails {
		jail := b.build(j)
		if len(j.faults) > 0 {
			c.LeftOut = append(c.LeftOut, LeftOut{Name: j.name, Faults: collect(j.faults)})
			continue
		}
		c.Jails = append(c.Jails, jail)
	}
	b.warnAll(&c.Daemon)
	c.Faults, c.Shared, c.Warnings = collect(b.faults), collect(b.shared), b.collectWarnings()
	c.Warnings = append(slices.DeleteFunc(c.Warnings, c.saidByFaults), b.unguarded()...)
	if len(c.Faults) > 0 {
		return c, b, c.Faults
	}
	return c, b, nil
}

// saidByFaults reports whether a warning is about the place of a fault, or about a jail that does not run anyway. A
// comment behind another value of such a jail is told: who mends one is to find them all.
func (c *Config) saidByFaults(w Fault) bool {
	here := slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.File == w.File && f.Line == w.Line })
	idle := slices.ContainsFunc(c.LeftOut, func(l LeftOut) bool { return l.Name == w.Section })
	return here || idle && w.Hint != commentHint
}
