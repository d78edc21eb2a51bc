package firewalltest

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/netip"
	"time"
)

// SCTP is spoken over raw sockets, since not every kernel has sockets for it: a probe is an INIT chunk, and the answer
// is the same with the ports changed over.

const sctpHeader = 12 // ports, tag and checksum (RFC 9260, section 3.1)

// sctpInit is a packet with an INIT chunk (section 3.3.2).
func sctpInit(from, to uint16) []byte {
	p := make([]byte, sctpHeader+20)
	binary.BigEndian.PutUint16(p, from)
	binary.BigEndian.PutUint16(p[2:], to)
	p[sctpHeader] = 1                                      // INIT
	binary.BigEndian.PutUint16(p[sctpHeader+2:], 20)       // length of the chunk
	binary.BigEndian.PutUint32(p[sctpHeader+4:], 1)        // initiate tag
	binary.BigEndian.PutUint32(p[sctpHeader+8:], 1<<16)    // window
	binary.BigEndian.PutUint32(p[sctpHeader+12:], 1<<16|1) // one stream out, one in
	sign(p)
	return p
}

// sign sets the checksum.
func sign(p []byte) {
	clear(p[8:12])
	binary.LittleEndian.PutUint32(p[8:], crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)))
}

func sctpNetwork(a netip.Addr) string {
	if a.Is4() {
		return "ip4:132"
	}
	return "ip6:132"
}

// answerSCTP answers packets to a port until the socket is closed.
func answerSCTP(conn net.PacketConn, port uint16) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if n < sctpHeader || binary.BigEndian.Uint16(buffer[2:]) != port {
			continue
		}
		answer := sctpInit(port, binary.BigEndian.Uint16(buffer))
		conn.WriteTo(answer, from) // a lost answer shows in the probe
	}
}

// probeSCTP sends an INIT and waits for the answer to it.
func (n *Namespace) probeSCTP(from netip.Addr, to netip.AddrPort, timeout time.Duration) (fate Fate, err error) {
	const port = 40000
	err = n.Do(func() error {
		local, remote := &net.IPAddr{IP: from.AsSlice()}, &net.IPAddr{IP: to.Addr().AsSlice()}
		conn, err := net.DialIP(sctpNetwork(from), local, remote)
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(timeout))
		fate, err = exchangeSCTP(conn, port, to.Port())
		return err
	})
	return fate, err
}

func exchangeSCTP(conn *net.IPConn, from, to uint16) (Fate, error) {
	if _, err := conn.Write(sctpInit(from, to)); err != nil {
		return fateOf(err)
	}
	buffer := make([]byte, 1500)
	for {
		n, _, err := conn.ReadFromIP(buffer) // Read would not cut the header of IPv4 off
		if err != nil {
			return fateOf(err)
		}
		if n >= sctpHeader && binary.BigEndian.Uint16(buffer) == to && binary.BigEndian.Uint16(buffer[2:]) == from {
			return Passed, nil
		}
	}
}
