package firewall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	maxIPSetTimeout = 2147483 * time.Second // the kernel's limit, 24.8 days
	defaultMaxElem  = 65536
	setType         = "hash:net"
)

// ipsets holds bans in sets of type hash:net, over one netlink socket that is kept. Bans may come and go while sets are
// made.
type ipsets struct {
	mu      sync.Mutex
	handle  *netlink.Handle
	batch   map[int]*nl.SocketHandle // for the requests that the library has no words for
	maxElem uint32
	sizes   map[string]*size  // by set
	renamed map[string]string // by the usual name: sets that are called otherwise
}

// size is how many entries a set may hold, and how many it holds at most.
type size struct{ limit, entries uint32 }

// openIPSets opens the sockets in the network namespace of the calling thread.
func openIPSets(maxElem uint32) (*ipsets, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	socket, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_NETFILTER)
	if err != nil {
		handle.Close()
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	if maxElem == 0 {
		maxElem = defaultMaxElem
	}
	batch := map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: {Socket: socket}}
	return &ipsets{handle: handle, batch: batch, maxElem: maxElem, sizes: map[string]*size{}, renamed: map[string]string{}}, nil
}

func (s *ipsets) close() {
	s.handle.Close()
	for _, socket := range s.batch {
		socket.Close()
	}
}

// mend makes a set for every block and family that has none and tells their names and jails.
func (s *ipsets) mend(_ context.Context, blocks []block) (repairs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.ours()
	if err != nil {
		return repairs{}, err
	}
	var made repairs
	for _, b := range blocks {
		fresh := false
		for _, f := range families() {
			name := s.choose(b.jail, f, there)
			if usual := f.setName(b.jail); name != usual {
				made.notes = append(made.notes, fmt.Sprintf("ipset %s is not bailiff's and is left as it is: bans are in ipset %s", usual, name))
			}
			if set, ok := there[name]; ok {
				s.sizes[name] = &size{set.limit, set.entries}
				continue
			}
			s.sizes[name] = &size{limit: s.maxElem}
			if err := s.create(name, f, s.maxElem); err != nil {
				return made, fmt.Errorf("create ipset %s: %w", name, err)
			}
			made.done, fresh = append(made.done, "set "+name), true
		}
		if fresh {
			made.empty = append(made.empty, b.jail)
		}
	}
	return made, nil
}

// choose settles the name of a jail's set. It is another than usual where somebody has a set of that name that cannot
// hold bans.
func (s *ipsets) choose(jail string, f family, there map[string]setHeader) string {
	usual := f.setName(jail)
	if set, ok := there[usual]; !ok || set.holdsBans(f) {
		delete(s.renamed, usual)
		return usual
	}
	s.renamed[usual] = shorten(chainName+f.digit+"~of-"+jail, maxSetName)
	return s.renamed[usual]
}

// setOf is the name of a jail's set. It is for who holds mu.
func (s *ipsets) setOf(jail string, f family) string {
	usual := f.setName(jail)
	return cmp.Or(s.renamed[usual], usual)
}

// nameOf is the name of a jail's set.
func (s *ipsets) nameOf(jail string, f family) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setOf(jail, f)
}

func (s *ipsets) create(name string, f family, maxElem uint32) error {
	permanent := uint32(0)
	o := netlink.IpsetCreateOptions{Timeout: &permanent, MaxElements: maxElem, Family: unix.AF_INET}
	if f.v6 {
		o.Family = unix.AF_INET6
	}
	return s.handle.IpsetCreate(name, setType, o)
}

// clear destroys the sets of ours that no block needs. It says which cannot go.
func (s *ipsets) clear(keep []block) []string {
	needed := map[string]bool{}
	for _, b := range keep {
		for _, f := range families() {
			needed[s.nameOf(b.jail, f)] = true
			needed[f.setName(b.jail)] = true // also where it is somebody else's
		}
	}
	return s.destroy(func(set string) bool { return !needed[set] && (!isTrial(set) || abandoned(set)) })
}

// destroy removes some of the sets of ours. One that a rule names, which is none of ours by now, cannot go: it is
// emptied, so that its bans are lifted, and told of in words, as is what fails otherwise. Nothing depends on it.
func (s *ipsets) destroy(unneeded func(set string) bool) (notes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.ours()
	if err != nil {
		return []string{"ipsets that are not needed are left: " + err.Error()}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !unneeded(name) || !there[name].looksOurs() {
			continue
		}
		err := s.handle.IpsetDestroy(name)
		switch {
		case err == nil, errors.Is(err, unix.ENOENT):
		case errors.Is(err, nl.IPSetError(nl.IPSET_ERR_BUSY)) && there[name].references == 0:
			// somebody lists it just now; the next look destroys it
		case errors.Is(err, nl.IPSetError(nl.IPSET_ERR_BUSY)):
			words := "ipset " + name + " is named by a rule that is not bailiff's: it is emptied and left"
			if err := s.handle.IpsetFlush(name); err != nil {
				words = fmt.Sprintf("ipset %s is named by a rule that is not bailiff's and cannot be emptied: %v", name, err)
			}
			notes = append(notes, words)
		default:
			notes = append(notes, fmt.Sprintf("ipset %s is left: destroy: %v", name, err))
		}
	}
	return notes
}

// ours lists the sets whose names are ours, without their entries.
func (s *ipsets) ours() (map[string]setHeader, error) {
	const headers = 1 << 2 // IPSET_FLAG_LIST_HEADER of linux/netfilter/ipset/ip_set.h
	req := s.request(nl.IPSET_CMD_LIST, nl.GetIpsetFlags(nl.IPSET_CMD_LIST))
	req.AddData(&nl.Uint32Attribute{Type: nl.IPSET_ATTR_FLAGS | nl.NLA_F_NET_BYTEORDER, Value: headers})
	messages, err := req.Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return nil, fmt.Errorf("list ipsets: %w", ipsetError(err))
	}
	sets := map[string]setHeader{}
	for _, m := range messages {
		if set := readHeader(m); ourSet(set.name) {
			sets[set.name] = set
		}
	}
	return sets, nil
}

// ourSet reports whether a set has a name that ours have.
func ourSet(name string) bool {
	rest, ok := strings.CutPrefix(name, chainName)
	return ok && len(rest) > 1 && (rest[0] == '4' || rest[0] == '6') && (rest[1] == '-' || rest[1] == '~')
}

// read lists a set. The library takes seconds for 50,000 entries.
func (s *ipsets) read(name string, f family) (map[netip.Prefix]time.Duration, error) {
	req := s.request(nl.IPSET_CMD_LIST, nl.GetIpsetFlags(nl.IPSET_CMD_LIST))
	req.AddData(nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)))
	bans := map[netip.Prefix]time.Duration{}
	err := req.ExecuteIter(unix.NETLINK_NETFILTER, 0, func(m []byte) bool {
		readEntries(bans, m, f)
		return true
	})
	return bans, ipsetError(err)
}

// add sends all entries in one message. The kernel stops at the first it refuses, without saying which in a way the
// library passes on, so then each is sent alone.
func (s *ipsets) add(_ context.Context, jail string, f family, entries []entry) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.setOf(jail, f)
	err := s.makeRoom(name, f, uint32(len(entries)))
	if err == nil {
		err = s.change(nl.IPSET_CMD_ADD, name, entries)
	}
	if err == nil {
		return nil
	}
	var errs []error
	for _, e := range entries {
		if err := s.change(nl.IPSET_CMD_ADD, name, []entry{e}); err != nil {
			errs = append(errs, &BanError{jail, e.prefix, err})
		}
	}
	return errs
}

func (s *ipsets) remove(_ context.Context, jail string, f family, prefixes []netip.Prefix) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := make([]entry, len(prefixes))
	for i, p := range prefixes {
		entries[i].prefix = p
	}
	return s.change(nl.IPSET_CMD_DEL, s.setOf(jail, f), entries)
}

func (s *ipsets) list(_ context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(s.setOf(jail, f), f)
}

func (s *ipsets) has(jail string, f family, p netip.Prefix) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.handle.IpsetTest(s.setOf(jail, f), &netlink.IPSetEntry{IP: p.Addr().AsSlice(), CIDR: uint8(p.Bits())})
	if errors.Is(err, unix.ENOENT) {
		return false, nil // the whole set is gone
	}
	return there, err
}
