package jails

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// An ignoredName is a host name of ignoreip. The last answer of the name server holds until there is another: were its
// addresses let go while the name server is away, their owner would be banned.
type ignoredName struct {
	name  string
	addrs atomic.Pointer[networks]
	tried chan struct{} // closed when something is known, or the first look-up has failed
	busy  atomic.Bool   // it is being looked up; who is at it alone uses what follows

	once    sync.Once
	asked   time.Time
	answer  []netip.Addr
	missing time.Time // since when there is no such name, zero: there is
	failing bool      // the last look-up failed, which was told
}

// nameKey is what stands before a name where its answer is kept.
const nameKey = "ignoreip:"

// recall takes the answer of before a restart.
func (n *ignoredName) recall(m Memory) {
	n.addrs.Store(&networks{})
	if m == nil {
		return
	}
	value, ok := m.Load(nameKey + n.name)
	if !ok || json.Unmarshal([]byte(value), &n.answer) != nil {
		return
	}
	n.addrs.Store(newAddresses(n.answer))
	n.try()
}

func (n *ignoredName) try() { n.once.Do(func() { close(n.tried) }) }

// isDue tells whether the name is to be looked up.
func (n *ignoredName) isDue(now time.Time) bool {
	if n.busy.Load() {
		return false
	}
	every := nameEvery
	if n.failing {
		every = failedEvery
	}
	return n.asked.IsZero() || now.Sub(n.asked) >= every || now.Before(n.asked)
}

// lookUp asks the name server.
func (l *IgnoreLists) lookUp(ctx context.Context, n *ignoredName) {
	defer n.busy.Store(false)
	select {
	case l.lookups <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-l.lookups }()
	within, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	n.asked = time.Now()
	a := l.resolver.Refresh(within, n.name)
	if ctx.Err() != nil {
		return
	}
	defer n.try()
	switch {
	case a.Err != nil:
		n.tellFailure(l.log, a.Err)
	case len(a.Addrs) == 0 && len(n.answer) > 0:
		l.lose(ctx, n)
	default:
		n.failing, n.missing = false, time.Time{}
		l.learn(ctx, n, a.Addrs)
	}
}

// tellFailure says once that a look-up failed.
func (n *ignoredName) tellFailure(log *slog.Logger, err error) {
	switch {
	case n.failing:
	case len(n.answer) == 0:
		log.Warn("a name of ignoreip cannot be looked up, and spares nobody until it can", "name", n.name, "err", err)
	default:
		log.Warn("a name of ignoreip cannot be looked up; its last answer holds", "name", n.name, "last", n.answer, "err", err)
	}
	n.failing = true
}

// lose is for a name that had addresses and does not exist by now, which may be a mistake.
func (l *IgnoreLists) lose(ctx context.Context, n *ignoredName) {
	n.failing = false
	if n.missing.IsZero() {
		n.missing = n.asked
		l.log.Warn("a name of ignoreip no longer exists; its last answer holds for an hour", "name", n.name, "last", n.answer)
	}
	if n.asked.Sub(n.missing) >= missingFor {
		l.log.Warn("a name of ignoreip no longer exists and spares nobody", "name", n.name, "last", n.answer)
		l.learn(ctx, n, nil)
	}
}

// learn takes over an answer, and has it remembered if it is another one.
func (l *IgnoreLists) learn(ctx context.Context, n *ignoredName, addrs []netip.Addr) {
	addrs = slices.Clone(addrs)
	for i, a := range addrs {
		addrs[i] = a.Unmap().WithZone("")
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	if slices.Equal(addrs, n.answer) {
		return
	}
	n.answer = addrs
	n.addrs.Store(newAddresses(addrs))
	if l.memory == nil {
		return
	}
	value, err := json.Marshal(addrs)
	if err == nil {
		err = l.memory.Save(ctx, nameKey+n.name, string(value))
	}
	if err != nil {
		l.log.Error("what a name of ignoreip stands for is not remembered over a restart", "name", n.name, "err", err)
	}
}

// An ignoredFile is one file:/path word of ignoreip, read again when it has changed. What it held last holds while it
// cannot be read.
type ignoredFile struct {
	path  string
	list  atomic.Pointer[ignoreList]
	tried chan struct{} // closed when the file was looked at
	busy  atomic.Bool   // it is being read; who is at it alone uses what follows

	once    sync.Once
	changed time.Time
	size    int64
	failing string // why it could not be read last, which was told
}

// read looks whether the file has changed, and reads it then.
func (l *IgnoreLists) read(f *ignoredFile) {
	defer f.busy.Store(false)
	defer f.once.Do(func() { close(f.tried) })
	text, err := f.news()
	switch {
	case err != nil && err.Error() != f.failing:
		f.failing = err.Error()
		l.log.Warn("a list of ignoreip cannot be read; what it held last holds", "file", f.path, "err", err)
	case err == nil:
		f.failing = ""
	}
	if err == nil && text != nil {
		f.list.Store(l.list(ignoredWords(text), false))
		l.rouse()
	}
}

// news is the file's text where it has changed, else nil.
func (f *ignoredFile) news() ([]byte, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file of text")
	}
	if info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return nil, nil
	}
	text, err := os.ReadFile(f.path)
	if err == nil {
		f.changed, f.size = info.ModTime(), info.Size()
	}
	return append([]byte{}, text...), err
}

// ignoredWords are the words of a file: list, separated by blanks, commas or line ends; # and ; begin a comment. A file
// cannot name another.
func ignoredWords(text []byte) (words []string) {
	for line := range strings.Lines(string(text)) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		for _, w := range strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
			if !strings.HasPrefix(w, "file:") { // a file that named itself would be read for ever
				words = append(words, w)
			}
		}
	}
	return words
}
