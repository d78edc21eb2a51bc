package main

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
)

// howToWrite is the hint for whoever has to name an address.
const howToWrite = "write 192.0.2.1, 2001:db8::1 or 192.0.2.0/24"

var (
	fewNumbers = regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){0,2}\.?$`)
	fourParts  = regexp.MustCompile(`^\d+(\.\d+){3}$`)
	withPort   = regexp.MustCompile(`^(\d+(?:\.\d+){3}):\d+$|^\[(.*)\]:\d+$`)
	addressy   = regexp.MustCompile(`^[\d.]+(/.*)?$|^[0-9a-fA-F]*:[0-9a-fA-F:.]*(/.*)?$`)
)

// misread says why a word is neither an address nor a network, and how it is to be written.
func misread(word string) (reason, hint string) {
	base, bits, slash := strings.Cut(word, "/")
	_, isAddress := parseSubject(base)
	switch port := withPort.FindStringSubmatch(word); {
	case strings.TrimSpace(word) == "":
		return "an empty word names nobody", howToWrite
	case port != nil:
		return fmt.Sprintf("%q is an address and a port", word), "leave the port out: " + port[1] + port[2]
	case strings.Contains(word, "%"):
		return fmt.Sprintf("%q names a zone, and a ban holds on every interface", word), "leave the zone out: " + withoutZone(word)
	case fewNumbers.MatchString(base):
		return fmt.Sprintf("%q is not a whole address", word), fmt.Sprintf("%s; a network is written %s", howToWrite, wholeNetwork(base))
	case strings.Contains(word, "*") || isRange(word):
		return fmt.Sprintf("%q is neither an address nor a network", word), "write a range as networks, such as 192.0.2.0/24"
	case isList(word):
		return fmt.Sprintf("%q is more than one address", word), "write each address as a word of its own, without quotes or commas"
	case slash && isAddress == nil && maskBits(bits) >= 0:
		return fmt.Sprintf("%q has a netmask", word), fmt.Sprintf("write %s/%d", base, maskBits(bits))
	case slash && isAddress == nil:
		return fmt.Sprintf("%q is no network: %q is not a number of bits that %s has", word, bits, base), howToWrite
	case fourParts.MatchString(base):
		return fmt.Sprintf("%q is no address: its numbers go from 0 to 255, without leading zeros", word), howToWrite
	case addressy.MatchString(word):
		return fmt.Sprintf("%q is neither an address nor a network", word), howToWrite
	}
	return fmt.Sprintf("%q is neither an address nor a network", word), howToWrite + "; names are not looked up"
}

// withoutZone is the word but for the zone of its address.
func withoutZone(word string) string {
	base, rest, _ := strings.Cut(word, "%")
	if i := strings.IndexAny(rest, "/]"); i >= 0 {
		return base + rest[i:]
	}
	return base
}

// wholeNetwork is the network that the first numbers of an IPv4 address stand for.
func wholeNetwork(start string) string {
	numbers := strings.Split(strings.TrimSuffix(start, "."), ".")
	bits := 8 * len(numbers)
	for len(numbers) < 4 {
		numbers = append(numbers, "0")
	}
	return fmt.Sprintf("%s/%d", strings.Join(numbers, "."), bits)
}

// isRange reports whether a word is two addresses with a dash between them.
func isRange(word string) bool {
	from, _, dash := strings.Cut(word, "-")
	_, err := netip.ParseAddr(strings.TrimSpace(from))
	return dash && err == nil
}

// isList reports whether the first of several words that blanks or commas part is an address or a network.
func isList(word string) bool {
	words := strings.FieldsFunc(word, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
	if len(words) < 2 {
		return false
	}
	_, err := parseSubject(words[0])
	return err == nil
}

// maskBits is the length of a netmask as IPv4 writes it, -1 for none.
func maskBits(mask string) int {
	a, err := netip.ParseAddr(mask)
	if err != nil || !a.Is4() {
		return -1
	}
	ones, bits := net.IPMask(a.AsSlice()).Size()
	if bits == 0 {
		return -1
	}
	return ones
}

// noJail says that there is no such jail, and which one was perhaps meant.
func noJail(name string, jails []string) error {
	e := &control.Error{Kind: control.NotFound, Message: fmt.Sprintf("there is no jail %q", name), Hint: "bailiff status lists the jails"}
	if meant := nearestJail(name, jails); meant != "" {
		e.Hint = fmt.Sprintf("is %q meant? %s", meant, e.Hint)
	}
	return e
}

// nearestJail is the jail that a word was perhaps meant to name, "" for none.
func nearestJail(word string, jails []string) string {
	for _, j := range jails {
		if strings.EqualFold(j, word) {
			return j
		}
	}
	return config.Nearest(strings.ToLower(word), jails)
}
