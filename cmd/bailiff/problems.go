package main

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/metrics"
)

// A problemKind names one thing that may be wrong with a daemon that runs all the same. It is the label of a metric.
type problemKind string

// The kinds of problems.
const (
	jailsLeftOut     problemKind = "jails_left_out"    // jails with faults do not run
	oldConfiguration problemKind = "old_configuration" // the files cannot be used; an earlier configuration runs
	configFaults     problemKind = "config_faults"     // what has faults and is no jail's is as if it were not set
	noJails          problemKind = "no_jails"          // nothing is guarded
	rulesMissing     problemKind = "firewall_rules"    // the rules that stop packets cannot be made
	storeNotSaved    problemKind = "store_not_saved"   // bans and positions wait in memory
	bansRefused      problemKind = "bans_refused"      // the kernel does not take bans, which are tried again
	logNotWritten    problemKind = "log_not_written"   // lines of the log wait, and are dropped when they are many
)

// problemKinds are all of them, in the order in which they are told.
func problemKinds() []problemKind {
	return []problemKind{oldConfiguration, jailsLeftOut, noJails, configFaults, rulesMissing, storeNotSaved, bansRefused, logNotWritten}
}

// A problem is what is wrong now.
type problem struct {
	kind    problemKind
	text    string   // one line, for everybody
	details []string // for whoever may ask over the socket
	since   time.Time
}

// problems is what is wrong with the daemon: /healthz, status, systemctl status and a metric tell of it. The zero value
// says that all is well. It is safe for concurrent use.
type problems struct {
	mu  sync.Mutex
	all map[problemKind]problem
}

// set says what is wrong. A problem that was there before keeps the time when it began.
func (p *problems) set(kind problemKind, text string, details ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := problem{kind, strings.ReplaceAll(text, "\n", "; "), details, time.Now()}
	if before, ok := p.all[kind]; ok {
		now.since = before.since
	}
	if p.all == nil {
		p.all = map[problemKind]problem{}
	}
	p.all[kind] = now
}

// setOrClear says what is wrong, "" for nothing.
func (p *problems) setOrClear(kind problemKind, text string) {
	if text == "" {
		p.clear(kind)
	} else {
		p.set(kind, text)
	}
}

// clear says that nothing of the kind is wrong any more.
func (p *problems) clear(kind problemKind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, kind)
}

// has reports whether something of the kind is wrong.
func (p *problems) has(kind problemKind) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.all[kind]
	return ok
}

// list is what is wrong now, in the order of problemKinds.
func (p *problems) list() (all []problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, kind := range problemKinds() {
		if one, ok := p.all[kind]; ok {
			all = append(all, one)
		}
	}
	return all
}

// texts are the lines of what is wrong.
func (p *problems) texts() (all []string) {
	for _, one := range p.list() {
		all = append(all, one.text)
	}
	return all
}

// err is what is wrong as an error, nil when all is well.
func (p *problems) err() error {
	if all := p.texts(); len(all) > 0 {
		return errors.New(strings.Join(all, "\n"))
	}
	return nil
}

// answers are the problems as bailiff status has them.
func (p *problems) answers() (all []control.Problem) {
	for _, one := range p.list() {
		all = append(all, control.Problem{Kind: string(one.kind), Text: one.text, Details: one.details, Since: one.since})
	}
	return all
}

// samples say of each kind whether something is wrong.
func (p *problems) samples() (all []metrics.Sample) {
	now := p.list()
	for _, kind := range problemKinds() {
		s := metrics.Sample{Name: metrics.Problems, Labels: []string{string(kind)}}
		if slices.ContainsFunc(now, func(one problem) bool { return one.kind == kind }) {
			s.Value = 1
		}
		all = append(all, s)
	}
	return all
}
