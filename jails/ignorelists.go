package jails

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bailiff/jails/config"
	"bailiff/jails/resolve"
)

const (
	fileEvery   = time.Second      // how often a file: list is looked at
	nameEvery   = 5 * time.Minute  // how often a name of ignoreip is looked up, and the own addresses are read
	failedEvery = 15 * time.Second // how often one whose look-up failed: at boot, bailiff may start before the network
	nameLimit   = 5 * time.Second  // how long such a look-up may take
	nameLookup  = 32               // look-ups at a time
	learnLimit  = 2 * time.Second  // how long a start or a reload waits for names and files that are new
	missingFor  = time.Hour        // how long an address is spared whose name no longer exists
)

// A Memory keeps what names stood for over restarts.
type Memory interface {
	Load(key string) (value string, ok bool)
	Save(ctx context.Context, key, value string) error
}

// IgnoreLists follows what ignoreip's names and files, and the host's own addresses, stand for. It does so for all jails on
// goroutines of its own, so that who judges a failure waits for no name server and no disk.
type IgnoreLists struct {
	resolver *resolve.Resolver
	memory   Memory
	log      *slog.Logger
	own      atomic.Pointer[networks]
	ownAt    time.Time // when own was read; Run's goroutine only
	wake     chan struct{}
	lookups  chan struct{} // holds one for each look-up of a name at a time

	mu    sync.Mutex
	names map[string]*ignoredName
	files map[string]*ignoredFile
}

// NewIgnoreLists returns lists that follow nothing yet. memory may be nil.
func NewIgnoreLists(r *resolve.Resolver, memory Memory, log *slog.Logger) *IgnoreLists {
	l := &IgnoreLists{resolver: r, memory: memory, log: log, wake: make(chan struct{}, 1), lookups: make(chan struct{}, nameLookup),
		names: map[string]*ignoredName{}, files: map[string]*ignoredFile{}}
	l.own.Store(ownAddresses())
	return l
}

// Learn follows what the jails' ignoreip names, too. It returns when all of it is known, or two seconds have passed.
func (l *IgnoreLists) Learn(ctx context.Context, js []*config.Jail) {
	ctx, cancel := context.WithTimeout(ctx, learnLimit)
	defer cancel()
	var lists []*ignoreList
	for _, j := range js {
		lists = append(lists, l.list(j.IgnoreIP, j.IgnoreSelf))
	}
	l.rouse()
	for _, list := range lists {
		for _, f := range list.files {
			await(ctx, f.tried)
			list.names = append(list.names, f.list.Load().names...)
		}
		for _, n := range list.names {
			await(ctx, n.tried)
		}
	}
}

// await waits until c is closed or ctx ends.
func await(ctx context.Context, c <-chan struct{}) {
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// rouse has Run look at once at what is new.
func (l *IgnoreLists) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Keep lets go what none of the jails' ignoreip names.
func (l *IgnoreLists) Keep(js []*config.Jail) {
	kept := &ignoreList{}
	for _, j := range js {
		list := l.list(j.IgnoreIP, j.IgnoreSelf)
		kept.names, kept.files = append(kept.names, list.names...), append(kept.files, list.files...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names, l.files = map[string]*ignoredName{}, map[string]*ignoredFile{}
	for _, f := range kept.files {
		l.files[f.path] = f
		kept.names = append(kept.names, f.list.Load().names...)
	}
	for _, n := range kept.names {
		l.names[n.name] = n
	}
}

// Forgotten tells whether what is kept under the key in the Memory is the answer to a name that nobody follows.
func (l *IgnoreLists) Forgotten(key string) bool {
	name, ok := strings.CutPrefix(key, nameKey)
	l.mu.Lock()
	defer l.mu.Unlock()
	return ok && l.names[name] == nil
}

// list reads ignoreip's words: an address, a network (10.0.0.0/8, 10.0.0.0/255.0.0.0), file:PATH, a host name, or an
// opaque id. Names and files are followed from now on.
func (l *IgnoreLists) list(words []string, self bool) *ignoreList {
	list := &ignoreList{ids: map[string]bool{}}
	if self {
		list.own = &l.own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range words {
		if path, ok := strings.CutPrefix(w, "file:"); ok {
			list.files = append(list.files, l.file("/"+strings.TrimLeft(path, "/")))
		} else if p, ok := parseNetwork(w); ok {
			list.nets.add(p)
		} else {
			list.ids[w] = true
			list.names = append(list.names, l.name(w))
		}
	}
	return list
}

func (l *IgnoreLists) file(path string) *ignoredFile {
	f := l.files[path]
	if f == nil {
		f = &ignoredFile{path: path, tried: make(chan struct{})}
		f.list.Store(&ignoreList{})
		l.files[path] = f
	}
	return f
}

func (l *IgnoreLists) name(name string) *ignoredName {
	n := l.names[name]
	if n == nil {
		n = &ignoredName{name: name, tried: make(chan struct{})}
		n.recall(l.memory)
		l.names[name] = n
	}
	return n
}

// Run follows names, files and own addresses until ctx ends. It does not wait for a disk that never answers.
func (l *IgnoreLists) Run(ctx context.Context) error {
	tick := time.NewTicker(fileEvery)
	defer tick.Stop()
	for {
		l.round(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-l.wake:
		}
	}
}

// round looks at all that is due. What is being looked at still is left alone.
func (l *IgnoreLists) round(ctx context.Context, now time.Time) {
	if now.Sub(l.ownAt) >= nameEvery || now.Before(l.ownAt) {
		l.ownAt = now
		l.own.Store(ownAddresses())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		if f.busy.CompareAndSwap(false, true) {
			go l.read(f)
		}
	}
	for _, n := range l.names {
		if n.isDue(now) && n.busy.CompareAndSwap(false, true) {
			go l.lookUp(ctx, n)
		}
	}
}

// newAddresses are networks of one address each.
func newAddresses(addrs []netip.Addr) *networks {
	n := &networks{}
	for _, a := range addrs {
		n.add(netip.PrefixFrom(a, a.BitLen()))
	}
	return n
}
