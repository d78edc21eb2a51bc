package config

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"bailiff/jails/event"
)

// checkIgnored tells what is wrong with one word of ignoreip. Nearly every word can be a host name or an id; one that
// begins as a network must be one.
func checkIgnored(word string) error {
	base, mask, ok := strings.Cut(event.TrimBrackets(word), "/")
	addr, err := netip.ParseAddr(base)
	if !ok || err != nil {
		return nil
	}
	if bits, err := strconv.Atoi(mask); err == nil && bits >= 0 && bits <= addr.BitLen() {
		return nil
	}
	if m, err := netip.ParseAddr(mask); err == nil && m.BitLen() == addr.BitLen() && contiguous(m.AsSlice()) {
		return nil
	}
	return fmt.Errorf("%q is no network", word)
}

// mistaken finds words of ignoreip that were meant as addresses, or as the begin of a comment. No host has
// a name with a colon in it, as URLs and addresses with ports have.
var mistaken = regexp.MustCompile(`^[\d.*-]+$|^[#\[]|[*:;|"'()<>]`)

// sparesNobody tells whether a word of ignoreip that is no address cannot be a host name either.
func sparesNobody(word string) bool {
	_, err := event.ParseSubject(word)
	return err != nil && !strings.HasPrefix(word, "file:") && mistaken.MatchString(word)
}

// sparesAll reports whether a word of ignoreip is every address of a family.
func sparesAll(word string) bool {
	base, mask, ok := strings.Cut(event.TrimBrackets(word), "/")
	_, err := netip.ParseAddr(base)
	return ok && err == nil && (mask == "0" || mask == "0.0.0.0" || mask == "::")
}

// contiguous tells whether a netmask has no one after a zero.
func contiguous(mask []byte) bool {
	zero := false
	for _, b := range mask {
		for bit := byte(0x80); bit != 0; bit >>= 1 {
			if b&bit == 0 {
				zero = true
			} else if zero {
				return false
			}
		}
	}
	return true
}

// checkIgnoreCache tells what is wrong with the options of ignorecache.
func checkIgnoreCache(s string) error {
	_, opts, err := parseList("ignorecache[" + s + "]")
	if err != nil {
		return err
	}
	for _, n := range opts.list {
		switch v := n.text(); n.name {
		case "key":
		case "max-count":
			if _, err := parseInt(v); err != nil {
				return fmt.Errorf("max-count: %w", err)
			}
		case "max-time":
			if _, err := ParseDuration(v); err != nil {
				return fmt.Errorf("max-time: %w", err)
			}
		default:
			return fmt.Errorf("there is no option %q", n.name)
		}
	}
	if opts.text("key") == "" {
		return errors.New("the option key is missing")
	}
	return nil
}
