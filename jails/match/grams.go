package match

import "encoding/binary"

// grams finds strings of four bytes or more in text, whatever the case of their ASCII letters. It looks at four bytes in
// every stride bytes only: of every stride neighbouring places in a string one is looked at, so each string's fours at
// stride neighbouring places are marked in a bit map, and what hits a mark is compared.
type grams struct {
	marks   [1 << gramBits / 32]uint32
	heads   [1 << gramBits]uint16 // the first place with a hash, plus 1
	places  []gramPlace
	strings []gramString
	stride  int // 4, 2 or 1
	hits    [128]int32
}

// A gramString is a string in lower case and what it stands for.
type gramString struct {
	text string
	ids  []int32
}

// A gramPlace is where a marked four stands.
type gramPlace struct {
	str, offset int32
	next        uint16 // the next place with the same hash, plus 1
}

const (
	gramBits = 16
	foldFour = 0x20202020 // makes letters lower case; other bytes change too, in text and strings alike
)

func hashFour(four uint32) uint32 { return (four | foldFour) * 0x9e3779b1 >> (32 - gramBits) }

func fourAt[T string | []byte](s T, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// newGrams makes a finder of strings of at least least bytes. often says how often a hash is met.
func newGrams(strings []gramString, least int, often *[1 << gramBits]uint16) *grams {
	g := &grams{strings: strings, stride: 1}
	for g.stride < 4 && 2*g.stride <= least-3 {
		g.stride *= 2
	}
	for i, s := range strings {
		at := g.rarest(s.text, often)
		for offset := at; offset < at+g.stride; offset++ {
			g.mark(int32(i), int32(offset))
		}
	}
	return g
}

// rarest returns where the fours begin that are met least.
func (g *grams) rarest(text string, often *[1 << gramBits]uint16) (best int) {
	least := -1
	for at := 0; at+g.stride+3 <= len(text); at++ {
		sum := 0
		for i := at; i < at+g.stride; i++ {
			sum += int(often[hashFour(fourAt(text, i))])
		}
		if least < 0 || sum < least {
			best, least = at, sum
		}
	}
	return best
}

func (g *grams) mark(str, offset int32) {
	h := hashFour(fourAt(g.strings[str].text, int(offset)))
	g.marks[h/32] |= 1 << (h % 32)
	g.places = append(g.places, gramPlace{str: str, offset: offset, next: g.heads[h]})
	g.heads[h] = uint16(len(g.places))
}

// A found is one of what a string stands for, and where the string is.
type found struct{ pos, id int32 }

// scan adds what it finds in text to out, in the order of the text.
func (g *grams) scan(text []byte, out []found) []found {
	pos := 0
	for {
		n, read := scanFours(text[pos:], g.stride, &g.marks, g.hits[:])
		for _, at := range g.hits[:n] {
			at := pos + int(at)
			out = g.compare(text, at, hashFour(binary.LittleEndian.Uint32(text[at:])), out)
		}
		if read == 0 {
			return g.plainScan(text, pos, out)
		}
		pos += read
	}
}

// plainScan is scan from pos on.
func (g *grams) plainScan(text []byte, pos int, out []found) []found {
	for ; pos+4 <= len(text); pos += g.stride {
		h := hashFour(binary.LittleEndian.Uint32(text[pos:]))
		if g.marks[h/32]>>(h%32)&1 != 0 {
			out = g.compare(text, pos, h, out)
		}
	}
	return out
}

// compare adds the strings with the hash h at pos.
func (g *grams) compare(text []byte, pos int, h uint32, out []found) []found {
	for at := g.heads[h]; at != 0; {
		place := g.places[at-1]
		at = place.next
		str := &g.strings[place.str]
		start := pos - int(place.offset)
		if start < 0 || start+len(str.text) > len(text) || !equalFold(text[start:start+len(str.text)], []byte(str.text)) {
			continue
		}
		for _, id := range str.ids {
			out = insert(out, found{int32(start), id})
		}
	}
	return out
}

// insert adds f in the order of the text, in which it is nearly the last.
func insert(out []found, f found) []found {
	i := len(out)
	for out = append(out, f); i > 0 && out[i-1].pos > f.pos; i-- {
		out[i], out[i-1] = out[i-1], f
	}
	return out
}

// equalFold tells whether text is lower, which has as many bytes, whatever the case of its ASCII letters. A few other
// characters count as alike too, those that differ in the same bit.
func equalFold(text, lower []byte) bool {
	last := len(lower) - 8
	if last < 0 {
		last += 4
		return equalFour(text, lower) && equalFour(text[last:], lower[last:])
	}
	for at := 0; ; at += 8 {
		at = min(at, last)
		if (binary.LittleEndian.Uint64(text[at:])^binary.LittleEndian.Uint64(lower[at:]))&^(foldFour<<32|foldFour) != 0 {
			return false
		}
		if at == last {
			return true
		}
	}
}

func equalFour(text, lower []byte) bool {
	return (binary.LittleEndian.Uint32(text)^binary.LittleEndian.Uint32(lower))&^foldFour == 0
}

// countFours counts how often each hash is met in text.
func countFours(text []byte) *[1 << gramBits]uint16 {
	var often [1 << gramBits]uint16
	for i := 0; i+4 <= len(text); i++ {
		if n := &often[hashFour(binary.LittleEndian.Uint32(text[i:]))]; *n < 1<<15 {
			*n++
		}
	}
	return &often
}
