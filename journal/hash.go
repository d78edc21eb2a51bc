package journal

import "math/bits"

// hash returns the hash under which a file keeps the data object of
// "FIELD=value".
func (l *layout) hash(payload []byte) uint64 {
	if l.keyed {
		return siphash24(l.fileID, payload)
	}
	return jenkins(payload)
}

// siphash24 is SipHash-2-4 by Aumasson and Bernstein.
func siphash24(key id, p []byte) uint64 {
	k0, k1 := le.Uint64(key[:]), le.Uint64(key[8:])
	s := sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	last := uint64(len(p)) << 56
	for len(p) >= 8 {
		s.word(le.Uint64(p))
		p = p[8:]
	}
	for i, c := range p {
		last |= uint64(c) << (8 * i)
	}
	s.word(last)
	s[2] ^= 0xff
	for range 4 {
		s.round()
	}
	return s[0] ^ s[1] ^ s[2] ^ s[3]
}

type sip [4]uint64

func (s *sip) word(m uint64) {
	s[3] ^= m
	s.round()
	s.round()
	s[0] ^= m
}

func (s *sip) round() {
	s[0] += s[1]
	s[1] = bits.RotateLeft64(s[1], 13) ^ s[0]
	s[0] = bits.RotateLeft64(s[0], 32)
	s[2] += s[3]
	s[3] = bits.RotateLeft64(s[3], 16) ^ s[2]
	s[0] += s[3]
	s[3] = bits.RotateLeft64(s[3], 21) ^ s[0]
	s[2] += s[1]
	s[1] = bits.RotateLeft64(s[1], 17) ^ s[2]
	s[2] = bits.RotateLeft64(s[2], 32)
}

// jenkins is Bob Jenkins's lookup3 (hashlittle2), both halves in one. Every step
// does to a, b and c what the step before did to the next of them.
func jenkins(p []byte) uint64 {
	a := 0xdeadbeef + uint32(len(p))
	b, c := a, a
	for ; len(p) > 0; p = p[min(12, len(p)):] {
		var block [12]byte
		copy(block[:], p)
		a += le.Uint32(block[:])
		b += le.Uint32(block[4:])
		c += le.Uint32(block[8:])
		if len(p) <= 12 {
			b, c = jenkinsFinal(a, b, c)
			break
		}
		for _, by := range [...]int{4, 6, 8, 16, 19, 4} {
			a = (a - c) ^ bits.RotateLeft32(c, by)
			c += b
			a, b, c = b, c, a
		}
	}
	return uint64(c)<<32 | uint64(b)
}

func jenkinsFinal(a, b, c uint32) (uint32, uint32) {
	for _, by := range [...]int{14, 11, 25, 16, 4, 14, 24} {
		c = (c ^ b) - bits.RotateLeft32(b, by)
		a, b, c = b, c, a
	}
	return a, b
}
