package firewall

import (
	"encoding/binary"
	"errors"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

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
	switch {
	case !errors.As(err, &errno) || int(errno) < nl.IPSET_ERR_PRIVATE:
		return err
	case int(errno) == hashFull:
		return &impossible{"the set is full and cannot grow"}
	}
	return nl.IPSetError(errno)
}
