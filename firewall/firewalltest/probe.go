package firewalltest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// How long a probe waits for an answer: long where one must come, so that a busy machine does not matter, and short
// where none may.
const (
	patience   = 10 * time.Second
	impatience = 250 * time.Millisecond
)

// A Fate is what became of a probe.
type Fate string

// The fates of a probe.
const (
	Passed   Fate = "passed"
	Refused  Fate = "refused"  // a TCP reset, or ICMP port or protocol unreachable
	Rejected Fate = "rejected" // another ICMP unreachable
	Dropped  Fate = "dropped"
)

// Listen answers tcp connections, or udp or sctp packets, at an address of the namespace with what they say, until the test ends.
func (n *Namespace) Listen(t testing.TB, network string, at netip.AddrPort) {
	t.Helper()
	var closer io.Closer
	err := n.Do(func() (err error) {
		closer, err = listen(network, at)
		return err
	})
	if err != nil {
		t.Fatalf("listen at %s: %v", at, err)
	}
	t.Cleanup(func() { closer.Close() })
}

func listen(network string, at netip.AddrPort) (io.Closer, error) {
	switch network {
	case "udp":
		conn, err := net.ListenPacket("udp", at.String())
		if err != nil {
			return nil, err
		}
		go echoPackets(conn)
		return conn, nil
	case "sctp":
		conn, err := net.ListenPacket(sctpNetwork(at.Addr()), at.Addr().String())
		if err != nil {
			return nil, err
		}
		go answerSCTP(conn, at.Port())
		return conn, nil
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	go echoConnections(listener)
	return listener, nil
}

func echoPackets(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		conn.WriteTo(buffer[:n], from) // a lost answer shows in the probe
	}
}

func echoConnections(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			io.Copy(conn, conn) // a lost answer shows in the probe
		}()
	}
}

// Dial opens a TCP connection, or a UDP socket, from an address of the namespace, and closes it when the test ends.
func (n *Namespace) Dial(t testing.TB, network string, from netip.Addr, to netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := n.dial(network, from, to, patience)
	if err != nil {
		t.Fatalf("connect from %s to %s: %v", from, to, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (n *Namespace) dial(network string, from netip.Addr, to netip.AddrPort, timeout time.Duration) (conn net.Conn, err error) {
	local := net.Addr(&net.TCPAddr{IP: from.AsSlice()})
	if network == "udp" {
		local = &net.UDPAddr{IP: from.AsSlice()}
	}
	dialer := net.Dialer{LocalAddr: local, Timeout: timeout}
	err = n.Do(func() error {
		conn, err = dialer.DialContext(context.Background(), network, to.String())
		return err
	})
	return conn, err
}

// Probe sends a packet from an address of the namespace and waits up to timeout for its echo.
func (n *Namespace) Probe(network string, from netip.Addr, to netip.AddrPort, timeout time.Duration) (Fate, error) {
	if network == "sctp" {
		return n.probeSCTP(from, to, timeout)
	}
	deadline := time.Now().Add(timeout)
	conn, err := n.dial(network, from, to, timeout)
	if err != nil {
		return fateOf(err)
	}
	defer conn.Close()
	return Echo(conn, deadline)
}

// Echo says something over a connection and tells whether it comes back before the deadline.
func Echo(conn net.Conn, deadline time.Time) (Fate, error) {
	conn.SetDeadline(deadline)
	if _, err := conn.Write([]byte("?")); err != nil {
		return fateOf(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		return fateOf(err)
	}
	return Passed, nil
}

func fateOf(err error) (Fate, error) {
	var slow net.Error
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return Dropped, nil
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ENOPROTOOPT):
		return Refused, nil
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES):
		return Rejected, nil
	}
	return "", err
}

// Passes fails the test unless a probe is answered.
func (n *Namespace) Passes(t testing.TB, network string, from netip.Addr, to netip.AddrPort) {
	t.Helper()
	got, err := n.Probe(network, from, to, patience)
	if err != nil || got != Passed {
		t.Errorf("%s from %s to %s: %s %v, want it to pass", network, from, to, got, err)
	}
}

// Stopped fails the test unless a probe meets this fate.
func (n *Namespace) Stopped(t testing.TB, network string, from netip.Addr, to netip.AddrPort, want Fate) {
	t.Helper()
	timeout := impatience
	if want != Dropped {
		timeout = patience
	}
	got, err := n.Probe(network, from, to, timeout)
	if err != nil || got != want {
		t.Errorf("%s from %s to %s: %s %v, want it %s", network, from, to, got, err, want)
	}
}

// Until probes over and over until one meets the fate, and tells how long that took. It fails the test after limit.
func (n *Namespace) Until(t testing.TB, network string, from netip.Addr, to netip.AddrPort, limit time.Duration, want func(Fate) bool) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < limit {
		got, err := n.Probe(network, from, to, impatience)
		if err != nil {
			t.Fatal(fmt.Errorf("probe: %w", err))
		}
		if want(got) {
			return time.Since(start)
		}
	}
	t.Errorf("%s from %s to %s: not as wanted within %s", network, from, to, limit)
	return limit
}
