package filter

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// What the tags stand for. The IPv6 part is fail2ban's without a lookbehind that always holds, because every round of
// the group before it ends in a colon.
const (
	exprIP4    = `(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})`
	exprIP6    = `(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:))`
	exprDNS    = `(?P<dns>[\w\-.^_]*\w)`
	exprCIDR   = `(?P<cidr>\d+)`
	exprAddr   = `\[?(?:` + exprIP4 + `|` + exprIP6 + `)\]?`
	exprHost   = `(?:` + exprAddr + `|` + exprDNS + `)`
	exprSubnet = `\[?(?:` + exprIP4 + `|` + exprIP6 + `)(?:/` + exprCIDR + `)?\]?`
	exprID     = `(?P<fid>\S+)`
	exprPort   = `(?P<fport>\w+)`
)

var (
	tagSyntax    = regexp.MustCompile(`^</?[\w\-]+/?>`)
	customSyntax = regexp.MustCompile(`^<(/?)F-([A-Z0-9_\-]+)>$`)
	// fail2ban gives global flags that open a group to the group: ((?i)x) and (?:(?i)x) become (?i:x).
	groupFlags = regexp.MustCompile(`^\((?:\?:)?(\(\?[a-z]+)\)`)
)

// An expansion is a regex whose tags were replaced, and the way back to the text it came from.
type expansion struct {
	expr   string
	source string
	pieces []piece
}

// A piece is a part of an expansion: it begins at offset at and came from offset from of the source, copied letter by
// letter or put in place of a tag.
type piece struct {
	at, from int
	copied   bool
}

// Expand returns a regex with its tags replaced. With usedns "no", <HOST> is an address only.
func Expand(regex, usedns string) string { return expand(regex, usedns).expr }

// expand replaces the tags of fail2ban's regexes. usedns "no" makes <HOST> an address only.
func expand(source, usedns string) expansion {
	e := expansion{source: source}
	var (
		b     strings.Builder
		open  = map[string]bool{}
		skips int
	)
	put := func(from int, s string, copied bool) {
		e.pieces = append(e.pieces, piece{at: b.Len(), from: from, copied: copied})
		b.WriteString(s)
	}
	for i := 0; i < len(source); {
		if tag := tagSyntax.FindString(source[i:]); tag != "" {
			text, known := replaceTag(tag, usedns, open, &skips)
			put(i, text, !known)
			i += len(tag)
			continue
		}
		if m := groupFlags.FindStringSubmatch(source[i:]); m != nil && (i == 0 || source[i-1] != '\\') {
			put(i, m[1]+":", false)
			i += len(m[0])
			continue
		}
		n := 1 + strings.IndexAny(source[i+1:], "<(")
		if n == 0 {
			n = len(source) - i
		}
		put(i, source[i:i+n], true)
		i += n
	}
	e.expr = b.String()
	return e
}

// replaceTag returns what a tag stands for; an unknown tag stands for itself.
func replaceTag(tag, usedns string, open map[string]bool, skips *int) (text string, known bool) {
	switch tag {
	case "<HOST>":
		if usedns == "no" {
			return exprAddr, true
		}
		return exprHost, true
	case "<IP4>", "<F-IP4/>":
		return exprIP4, true
	case "<IP6>", "<F-IP6/>":
		return exprIP6, true
	case "<ADDR>", "<F-ADDR/>":
		return exprAddr, true
	case "<CIDR>", "<F-CIDR/>":
		return exprCIDR, true
	case "<SUBNET>", "<F-SUBNET/>":
		return exprSubnet, true
	case "<DNS>", "<F-DNS/>":
		return exprDNS, true
	case "<F-ID/>":
		return exprID, true
	case "<F-PORT/>":
		return exprPort, true
	case "<SKIPLINES>":
		*skips++
		return fmt.Sprintf(`\n(?P<skiplines%d>(?:(?:.*\n)*?))`, *skips-1), true
	}
	return replaceCustom(tag, open)
}

// replaceCustom handles <F-NAME> and </F-NAME>. A close tag that was never opened stands for itself.
func replaceCustom(tag string, open map[string]bool) (text string, known bool) {
	m := customSyntax.FindStringSubmatch(tag)
	if m == nil {
		return tag, false
	}
	closing, name := m[1] != "", m[2]
	if !closing {
		open[name] = true
		return "(?P<" + groupName(name) + ">", true
	}
	if open[name] {
		return ")", true
	}
	return tag, false
}

// groupName is the name of the group that a tag's name makes.
func groupName(tag string) string {
	switch name := strings.ToLower(tag); name {
	case "id":
		return "fid"
	case "port":
		return "fport"
	default:
		return name
	}
}

// origin returns the offset in the source that offset pos of the expanded regex came from. Inside a tag's replacement
// it is where the tag begins.
func (e expansion) origin(pos int) int {
	i := sort.Search(len(e.pieces), func(i int) bool { return e.pieces[i].at > pos }) - 1
	if i < 0 {
		return 0
	}
	p := e.pieces[i]
	if !p.copied {
		return p.from
	}
	return min(p.from+pos-p.at, len(e.source))
}
