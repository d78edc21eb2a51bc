package firewall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
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
	sizes   map[string]*size // by set
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
	return &ipsets{handle: handle, batch: batch, maxElem: maxElem, sizes: map[string]*size{}}, nil
}

func (s *ipsets) close() {
	s.handle.Close()
	for _, socket := range s.batch {
		socket.Close()
	}
}

// stand makes a set for every block and family that has none and tells their names and jails.
func (s *ipsets) stand(blocks []block) (repairs, error) {
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
			name := f.setName(b.jail)
			if set, ok := there[name]; ok {
				if set.kind != setType {
					return made, fmt.Errorf("ipset %s is a %s, not a %s: destroy it", name, set.kind, setType)
				}
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

func (s *ipsets) create(name string, f family, maxElem uint32) error {
	permanent := uint32(0)
	o := netlink.IpsetCreateOptions{Timeout: &permanent, MaxElements: maxElem, Family: unix.AF_INET}
	if f.v6 {
		o.Family = unix.AF_INET6
	}
	return s.handle.IpsetCreate(name, setType, o)
}

// destroy removes the sets of ours that no block needs. No rule may refer to them any more.
func (s *ipsets) destroy(keep []block) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	needed := map[string]bool{}
	for _, b := range keep {
		for _, f := range families() {
			needed[f.setName(b.jail)] = true
		}
	}
	there, err := s.ours()
	var errs []error
	for name := range there {
		if needed[name] {
			continue
		}
		if err := s.handle.IpsetDestroy(name); err != nil && !errors.Is(err, unix.ENOENT) {
			errs = append(errs, fmt.Errorf("destroy ipset %s: %w", name, err))
		}
	}
	return errors.Join(err, errors.Join(errs...))
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
		if set := readHeader(m); strings.HasPrefix(set.name, "bailiff4") || strings.HasPrefix(set.name, "bailiff6") {
			sets[set.name] = set
		}
	}
	return sets, nil
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
	name := f.setName(jail)
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
	return s.change(nl.IPSET_CMD_DEL, f.setName(jail), entries)
}

func (s *ipsets) list(_ context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read(f.setName(jail), f)
}

func (s *ipsets) has(jail string, f family, p netip.Prefix) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.handle.IpsetTest(f.setName(jail), &netlink.IPSetEntry{IP: p.Addr().AsSlice(), CIDR: uint8(p.Bits())})
	if errors.Is(err, unix.ENOENT) {
		return false, nil // the whole set is gone
	}
	return there, err
}
