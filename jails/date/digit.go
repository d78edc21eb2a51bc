package date

import "unicode"

// digitValue returns the value of a decimal digit of any script, or -1.
func digitValue(r rune) int {
	if r < 0x80 {
		if r < '0' || r > '9' {
			return -1
		}
		return int(r - '0')
	}
	if !unicode.IsDigit(r) {
		return -1
	}
	// Unicode keeps the ten digits of a script together and in order.
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	return -1
}
