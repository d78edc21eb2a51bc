package firewall

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
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

// ipsets holds bans in sets of type hash:net, over one netlink socket that is kept.
type ipsets struct {
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
	return &ipsets{handle, map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: {Socket: socket}}, maxElem, map[string]*size{}}, nil
}

func (s *ipsets) close() {
	s.handle.Close()
	for _, socket := range s.batch {
		socket.Close()
	}
}

// stand makes a set for every block and family that has none and tells their names and jails.
func (s *ipsets) stand(blocks []block) (repairs, error) {
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
	entries := make([]entry, len(prefixes))
	for i, p := range prefixes {
		entries[i].prefix = p
	}
	return s.change(nl.IPSET_CMD_DEL, f.setName(jail), entries)
}

func (s *ipsets) list(_ context.Context, jail string, f family) (map[netip.Prefix]time.Duration, error) {
	return s.read(f.setName(jail), f)
}

func (s *ipsets) has(jail string, f family, p netip.Prefix) (bool, error) {
	there, err := s.handle.IpsetTest(f.setName(jail), &netlink.IPSetEntry{IP: p.Addr().AsSlice(), CIDR: uint8(p.Bits())})
	if errors.Is(err, unix.ENOENT) {
		return false, nil // the whole set is gone
	}
	return there, err
}

// change adds or deletes entries with one message. Without NLM_F_EXCL what is there is refreshed, and what is gone is no
// error to delete.
func (s *ipsets) change(command int, name string, entries []entry) error {
	req := s.request(command, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	var a attributeList
	a.put(nl.IPSET_ATTR_SETNAME, append([]byte(name), 0))
	a.putUint32(nl.IPSET_ATTR_LINENO, 0)
	all := a.open(nl.IPSET_ATTR_ADT)
	for i, e := range entries {
		data := a.open(nl.IPSET_ATTR_DATA)
		a.putEntry(e, command == nl.IPSET_CMD_ADD)
		a.putUint32(nl.IPSET_ATTR_LINENO, uint32(i))
		a.close(data)
	}
	a.close(all)
	req.AddRawData(a)
	_, err := req.Execute(unix.NETLINK_NETFILTER, 0)
	return ipsetError(err)
}

func (a *attributeList) putUint32(kind uint16, n uint32) {
	a.put(kind|unix.NLA_F_NET_BYTEORDER, binary.BigEndian.AppendUint32(nil, n))
}

func (a *attributeList) putEntry(e entry, timeout bool) {
	kind := uint16(nl.IPSET_ATTR_IPADDR_IPV4)
	if e.prefix.Addr().Is6() {
		kind = nl.IPSET_ATTR_IPADDR_IPV6
	}
	ip := a.open(nl.IPSET_ATTR_IP)
	a.put(kind|unix.NLA_F_NET_BYTEORDER, e.prefix.Addr().AsSlice())
	a.close(ip)
	a.put(nl.IPSET_ATTR_CIDR, []byte{byte(e.prefix.Bits())})
	if timeout {
		a.putUint32(nl.IPSET_ATTR_TIMEOUT, uint32(seconds(min(e.timeout, maxIPSetTimeout))))
	}
}

func (s *ipsets) request(command, flags int) *nl.NetlinkRequest {
	req := nl.NewNetlinkRequest(command|unix.NFNL_SUBSYS_IPSET<<8, flags)
	req.Sockets = s.batch
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_NETLINK, Version: nl.NFNETLINK_V0})
	req.AddData(nl.NewRtAttr(nl.IPSET_ATTR_PROTOCOL, nl.Uint8Attr(nl.IPSET_PROTOCOL)))
	return req
}

// ipsetError gives ipset's own error numbers their names.
func ipsetError(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) && int(errno) >= nl.IPSET_ERR_PRIVATE {
		return nl.IPSetError(errno)
	}
	return err
}
