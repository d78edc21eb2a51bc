package firewall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// A portRange is the ports from first to last.
type portRange struct{ first, last uint16 }

func (r portRange) String() string {
	if r.first == r.last {
		return strconv.Itoa(int(r.first))
	}
	return fmt.Sprintf("%d:%d", r.first, r.last)
}

// parsePorts reads ports as fail2ban's configuration names them: numbers, ranges a:b or a-b, a: and :b, names of services,
// several with commas. The ranges come back sorted and merged; nil stands for every port.
func parsePorts(words []string) ([]portRange, error) {
	var ranges []portRange
	var errs []error
	for _, word := range splitWords(words) {
		r, err := parsePort(word)
		if err != nil {
			errs = append(errs, err)
		}
		ranges = append(ranges, r)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	ranges = mergePorts(ranges)
	if len(ranges) == 1 && ranges[0].first <= 1 && ranges[0].last == 65535 {
		return nil, nil
	}
	return ranges, nil
}

func splitWords(words []string) []string {
	return strings.FieldsFunc(strings.Join(words, ","), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}

func parsePort(word string) (portRange, error) {
	first, last, isRange := strings.Cut(word, ":")
	if !isRange && word[0] >= '0' && word[0] <= '9' {
		first, last, isRange = strings.Cut(word, "-")
	}
	if isRange && first+last != "" {
		first, last = cmp.Or(first, "0"), cmp.Or(last, "65535")
	}
	a, err := lookupPort(first)
	if err != nil || !isRange {
		return portRange{a, a}, err
	}
	b, err := lookupPort(last)
	if err == nil && b < a {
		err = fmt.Errorf("port range %s runs backwards", word)
	}
	return portRange{a, b}, err
}

// lookupPort reads a number or a service's name. Services are mostly listed for TCP, and what is listed for UDP alone
// has the same number.
func lookupPort(word string) (uint16, error) {
	if n, err := strconv.ParseUint(word, 10, 16); err == nil {
		return uint16(n), nil
	}
	resolver := net.Resolver{PreferGo: true}
	for _, network := range []string{"tcp", "udp"} {
		if n, err := resolver.LookupPort(context.Background(), network, word); err == nil {
			return uint16(n), nil
		}
	}
	return 0, fmt.Errorf("port %q is no number from 0 to 65535 and no service of /etc/services", word)
}

func mergePorts(ranges []portRange) []portRange {
	slices.SortFunc(ranges, func(a, b portRange) int { return int(a.first) - int(b.first) })
	var merged []portRange
	for _, r := range ranges {
		last := len(merged) - 1
		if last >= 0 && int(r.first) <= int(merged[last].last)+1 {
			merged[last].last = max(merged[last].last, r.last)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// multiports splits ports over as many rules as iptables' multiport match needs: it holds 15 ports, a range counting as
// two.
func multiports(ranges []portRange) []string {
	var rules []string
	var words []string
	used := 0
	for _, r := range ranges {
		slots := 1
		if r.first != r.last {
			slots = 2
		}
		if used+slots > 15 {
			rules, words, used = append(rules, strings.Join(words, ",")), nil, 0
		}
		words, used = append(words, r.String()), used+slots
	}
	if words != nil {
		rules = append(rules, strings.Join(words, ","))
	}
	return rules
}
