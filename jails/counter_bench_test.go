package jails

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"bailiff/jails/event"
)

// numbered is the nth of many addresses.
func numbered(n uint32, six bool) event.Subject {
	if six {
		a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
		binary.BigEndian.PutUint32(a[8:], n)
		return event.Address(netip.AddrFrom16(a))
	}
	a := [4]byte{}
	binary.BigEndian.PutUint32(a[:], 10<<24+n)
	return event.Address(netip.AddrFrom4(a))
}

// sshdLine is as long as what is kept of a failure.
const sshdLine = "2026-11-30T12:00:00.123456 sshd[4711]: Failed password for invalid user admin from 192.0.2.1 port 40022 ssh2"

func BenchmarkCounter(b *testing.B) {
	for _, bench := range []struct {
		name    string
		many    uint32
		sliding bool
	}{{"one address", 1, false}, {"ten thousand", 10_000, false}, {"sliding", 100, true}} {
		b.Run(bench.name, func(b *testing.B) {
			c := newCounter(bench.sliding)
			c.maxretry = 1 << 30
			if bench.sliding {
				c.maxretry = 10
			}
			f := failureAt(0)
			f.Lines = []string{sshdLine}
			i := uint32(0)
			for b.Loop() {
				i++
				f.Subject, f.Time = numbered(i%bench.many, false), f.Time.Add(time.Millisecond)
				c.add(f)
			}
			runtime.KeepAlive(c)
		})
	}
}
