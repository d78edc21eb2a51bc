package match

import "unicode"

// A fold says how cases are made equal.
type fold uint8

const (
	noFold fold = iota
	asciiFold
	unicodeFold
)

func foldOf(flags Flags) fold {
	switch {
	case flags&IgnoreCase == 0:
		return noFold
	case flags&ASCII != 0:
		return asciiFold
	}
	return unicodeFold
}

// lower returns r as it is compared.
func (f fold) lower(r rune) rune {
	switch {
	case f == noFold:
		return r
	case r < 0x80:
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case f == asciiFold:
		return r
	}
	return unicode.ToLower(r)
}

// cased tells whether r has another case.
func (f fold) cased(r rune) bool {
	if f == asciiFold {
		return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	return r != unicode.ToLower(r) || r != unicode.ToUpper(r) || r == 'ß' || len(twins(r)) > 0
}

// anyCased tells whether some character of the items' ranges has another case.
func (f fold) anyCased(items []item) bool {
	for _, it := range items {
		if it.category != 0 {
			continue
		}
		for r := it.lo; r <= it.hi; r++ {
			if f.cased(r) {
				return true
			}
		}
	}
	return false
}

// lastPlane0 is the last character that Python's tables of cases know one by one.
const lastPlane0 = 0xffff

// items returns items that the lower case of a character can be looked up in.
func (f fold) items(items []item) []item {
	var out []item
	for _, it := range items {
		if it.category != 0 {
			out = append(out, it)
			continue
		}
		for r := it.lo; r <= min(it.hi, lastPlane0); r++ {
			l := f.lower(r)
			out = appendRune(out, l)
			if f == unicodeFold {
				for _, t := range twins(l) {
					out = appendRune(out, t)
				}
			}
		}
		if it.hi > lastPlane0 {
			it.eitherCase = it.lo != it.hi
			out = append(out, it)
		}
	}
	return out
}

// appendRune adds one character and keeps ranges together.
func appendRune(items []item, r rune) []item {
	if n := len(items); n > 0 {
		last := &items[n-1]
		if last.category == 0 && last.lo <= r && r <= last.hi {
			return items
		}
		if last.category == 0 && last.hi+1 == r {
			last.hi = r
			return items
		}
	}
	return append(items, item{lo: r, hi: r})
}

// twins returns the other lower-case characters that have the same upper case as r, which is lower case.
func twins(r rune) []rune {
	if r < 0x80 && r != 'i' && r != 's' {
		return nil
	}
	var out []rune
	for t := unicode.SimpleFold(r); t != r; t = unicode.SimpleFold(t) {
		if unicode.ToLower(t) == t {
			out = append(out, t)
		}
	}
	if t := specialTwin(r); t != 0 {
		out = append(out, t)
	}
	return out
}

// specialTwin knows the pairs that Unicode's simple case folding does not join: those whose upper case is more than one
// character, and the dotless i.
func specialTwin(r rune) rune {
	pairs := [...][2]rune{{'i', 0x131}, {0x390, 0x1fd3}, {0x3b0, 0x1fe3}, {0xfb05, 0xfb06}}
	for _, p := range pairs {
		switch r {
		case p[0]:
			return p[1]
		case p[1]:
			return p[0]
		}
	}
	return 0
}
