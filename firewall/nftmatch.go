package firewall

import (
	"encoding/binary"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

func matchFamily(f family) []expr.Any {
	protocol := byte(unix.NFPROTO_IPV4)
	if f.v6 {
		protocol = unix.NFPROTO_IPV6
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{protocol}},
	}
}

func matchProtocol(protocol string, f family) []expr.Any {
	if protocol == "all" {
		return nil
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{protocolNumber(protocol, f)}},
	}
}

func protocolNumber(protocol string, f family) byte {
	if protocol == "icmp" && f.v6 {
		return unix.IPPROTO_ICMPV6
	}
	return map[string]byte{
		"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP, "dccp": unix.IPPROTO_DCCP,
		"udplite": unix.IPPROTO_UDPLITE, "icmp": unix.IPPROTO_ICMP,
	}[protocol]
}

// published keeps automatic rules for forwarded packets to those sent to a container's published port, and those that
// look at ports to packets that are no answers.
func (b block) published(hook string) []expr.Any {
	const statusDNAT = 1 << 5 // IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h
	if hook != "FORWARD" || !b.auto && b.ports == nil {
		return nil
	}
	original := []expr.Any{
		&expr.Ct{Key: expr.CtKeyDIRECTION, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{0}},
	}
	if !b.auto {
		return original
	}
	return append(original,
		&expr.Ct{Key: expr.CtKeySTATUS, Register: register},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(statusDNAT), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: make([]byte, 4)})
}

// matchPorts looks the port up in a nameless set. A forwarded packet may have been sent to another port than it now
// bears: connection tracking knows which.
func (n *nft) matchPorts(b block, hook string) []expr.Any {
	if b.ports == nil {
		return nil
	}
	set := &nftables.Set{Table: n.table, Anonymous: true, Constant: true, Interval: true, KeyType: nftables.TypeInetService}
	_ = n.conn.AddSet(set, portElements(b.ports)) // fails only for anonymous sets that are not constant
	var port expr.Any = &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
	if hook == "FORWARD" {
		port = &expr.Ct{Key: expr.CtKeyPROTODST, Register: register, Direction: 0}
	}
	return []expr.Any{port, &expr.Lookup{SourceRegister: register, SetName: set.Name, SetID: set.ID}}
}

// portElements are ranges as sets of intervals have them: where each begins, and where what is outside begins.
func portElements(ranges []portRange) []nftables.SetElement {
	port := func(p int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(p)) }
	var all []nftables.SetElement
	if ranges[0].first > 0 {
		all = append(all, nftables.SetElement{Key: port(0), IntervalEnd: true})
	}
	for _, r := range ranges {
		all = append(all, nftables.SetElement{Key: port(int(r.first))})
		if r.last < 65535 {
			all = append(all, nftables.SetElement{Key: port(int(r.last) + 1), IntervalEnd: true})
		}
	}
	return all
}

// lookup finds the packet's source, or its destination in a to- chain, in a set of addresses or of networks of one
// length.
func lookup(f family, chain, set string, bits int) []expr.Any {
	offset, size := uint32(12), uint32(4)
	if f.v6 {
		offset, size = 8, 16
	}
	if chain[:3] == "to-" {
		offset += size
	}
	found := []expr.Any{&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size}}
	if bits < f.length {
		mask := make([]byte, size)
		for i := range bits {
			mask[i/8] |= 0x80 >> (i % 8)
		}
		found = append(found, &expr.Bitwise{SourceRegister: register, DestRegister: register, Len: size, Mask: mask, Xor: make([]byte, size)})
	}
	return append(found, &expr.Lookup{SourceRegister: register, SetName: set})
}

func counter() []expr.Any { return []expr.Any{&expr.Counter{}} }

func rateLimit() []expr.Any {
	return []expr.Any{&expr.Limit{Type: expr.LimitTypePkts, Rate: 6, Unit: expr.LimitTimeMinute, Burst: 2}}
}

func logPacket(jail string) []expr.Any {
	return []expr.Any{&expr.Counter{}, &expr.Log{Key: 1 << unix.NFTA_LOG_PREFIX, Data: []byte(logPrefix(jail))}}
}

// express is the verdict as nftables has it. Only TCP can be reset.
func (v verdict) express(f family, protocol string) []expr.Any {
	r := v.reject
	if r.reset && protocol != "tcp" {
		r = rejects()[0]
	}
	switch {
	case v.drop:
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
	case r.reset:
		return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}
	case f.v6:
		return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: r.code6}}
	}
	return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: r.code4}}
}
