package rules

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"bailiff/jails/shell"
)

// banned are the tags that stand for who is banned.
var banned = regexp.MustCompile(`<(?:ip|fid|F-ID|ip-host)>`)

// masked is the length at the end of a network.
var masked = regexp.MustCompile(`/(\d{1,3})\]?$`)

// about tells whether a word is the banned address, and how wide a network around it; why is what keeps one from knowing.
func about(w shell.Word) (is bool, wide int, why string) {
	text := strings.Trim(w.Text, `"'[]`)
	at := banned.FindStringIndex(text)
	if at == nil {
		return false, 0, ""
	}
	rest := text[at[1]:]
	switch {
	case at[0] == 0 && !w.Unknown && rest == "":
		return true, 0, ""
	case at[0] == 0 && !w.Unknown && rest[0] == '/':
		return true, length(rest[1:]), ""
	case masked.MatchString(text):
		return true, length(masked.FindStringSubmatch(text)[1]), ""
	}
	return true, 0, "whom it is about is known only when it runs"
}

// length reads the length of a network, or its mask. It is 0 for one that is not understood, and for single addresses.
func length(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		if n <= 0 || n >= 128 || n == 32 {
			return 0
		}
		return n
	}
	mask, err := netip.ParseAddr(s)
	if err != nil {
		return 0
	}
	n := 0
	for _, octet := range mask.AsSlice() {
		for ; octet&0x80 != 0; octet <<= 1 {
			n++
		}
	}
	if n == mask.BitLen() {
		return 0
	}
	return n
}
