package date

// Names count in any case, but a letter beyond ASCII that folds to one of a name's, as a long s does, makes it no name.
// 0 is no name; weeks begin on Monday, which is 1.

// pack puts three letters into one number, in lower case.
func pack(a, b, c byte) uint32 { return uint32(a)<<16 | uint32(b)<<8 | uint32(c) | 0x202020 }

func monthAbbr(s []byte) int {
	if len(s) != 3 {
		return 0
	}
	return monthOf(pack(s[0], s[1], s[2]))
}

func weekdayAbbr(s []byte) int {
	if len(s) != 3 {
		return 0
	}
	return weekdayOf(pack(s[0], s[1], s[2]))
}

// month reads a month's full name, which its first three letters tell apart.
func month(s []byte) int {
	if len(s) < 3 {
		return 0
	}
	v := monthAbbr(s[:3])
	if v > 0 && !foldsTo(s, [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september",
		"october", "november", "december"}[v-1]) {
		return 0
	}
	return v
}

func weekday(s []byte) int {
	if len(s) < 3 {
		return 0
	}
	v := weekdayAbbr(s[:3])
	if v > 0 && !foldsTo(s, [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}[v-1]) {
		return 0
	}
	return v
}

// foldsTo tells whether s is the lower-case ASCII name in any case.
func foldsTo(s []byte, name string) bool {
	if len(s) != len(name) {
		return false
	}
	for i := range s {
		if s[i]|0x20 != name[i] {
			return false
		}
	}
	return true
}

func weekdayOf(name uint32) int {
	switch name {
	case 'm'<<16 | 'o'<<8 | 'n':
		return 1
	case 't'<<16 | 'u'<<8 | 'e':
		return 2
	case 'w'<<16 | 'e'<<8 | 'd':
		return 3
	case 't'<<16 | 'h'<<8 | 'u':
		return 4
	case 'f'<<16 | 'r'<<8 | 'i':
		return 5
	case 's'<<16 | 'a'<<8 | 't':
		return 6
	case 's'<<16 | 'u'<<8 | 'n':
		return 7
	}
	return 0
}

func monthOf(name uint32) int {
	switch name {
	case 'j'<<16 | 'a'<<8 | 'n':
		return 1
	case 'f'<<16 | 'e'<<8 | 'b':
		return 2
	case 'm'<<16 | 'a'<<8 | 'r':
		return 3
	case 'a'<<16 | 'p'<<8 | 'r':
		return 4
	case 'm'<<16 | 'a'<<8 | 'y':
		return 5
	case 'j'<<16 | 'u'<<8 | 'n':
		return 6
	case 'j'<<16 | 'u'<<8 | 'l':
		return 7
	case 'a'<<16 | 'u'<<8 | 'g':
		return 8
	case 's'<<16 | 'e'<<8 | 'p':
		return 9
	case 'o'<<16 | 'c'<<8 | 't':
		return 10
	case 'n'<<16 | 'o'<<8 | 'v':
		return 11
	case 'd'<<16 | 'e'<<8 | 'c':
		return 12
	}
	return 0
}
