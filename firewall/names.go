package firewall

import (
	"fmt"
	"hash/fnv"
	"strings"
)

const (
	maxSetName   = 31 // ipset's IPSET_MAXNAMELEN without the closing zero
	maxChainName = 28 // iptables' XT_EXTENSION_MAXNAMELEN without the closing zero

	maxTableChain = 100 // of nftables, whose own limit is 255
	chainName     = "bailiff"
)

// family is one of the two families of addresses.
type family struct {
	v6     bool
	digit  string // as in a set's name
	length int    // bits of an address
}

// families are all there are.
func families() [2]family {
	return [2]family{{false, "4", 32}, {true, "6", 128}}
}

// setName is the name of a jail's set: bailiff4-JAIL or bailiff6-JAIL.
func (f family) setName(jail string) string {
	return shorten("bailiff"+f.digit+"-"+jail, maxSetName)
}

// tableSet is the name of a jail's set in nftables.
func (f family) tableSet(jail string) string { return tableName(f.setName(jail), maxSetName) }

// tableName is a name that nftables takes: in a set's a percent sign is a place for a number, and we put a slash before
// the length of networks. Whoever edits tables by hand can write nothing but letters, digits, and these.
func tableName(name string, limit int) string {
	odd := func(r rune) bool {
		return !strings.ContainsRune("-_.", r) && (r < '0' || r > 'z' || r > '9' && r < 'A' || r > 'Z' && r < 'a')
	}
	if !strings.ContainsFunc(name, odd) {
		return shorten(name, limit)
	}
	plain := strings.Map(func(r rune) rune {
		if odd(r) {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf("%s_%08x", plain[:min(len(plain), limit-9)], hash(name))
}

// usualChain is the name of the chain of ours that the chain hook jumps to.
func usualChain(hook string) string {
	if hook == "INPUT" {
		return chainName
	}
	return shorten(chainName+"-"+hook, maxChainName)
}

// otherChain is its name where somebody else has a chain of the usual name.
func otherChain(hook string) string { return shorten(chainName+"~"+hook, maxChainName) }

// shorten cuts a name that is too long and ends it by 8 hexadecimal digits of the whole name's hash (FNV-1a).
func shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	return fmt.Sprintf("%s%08x", name[:limit-8], hash(name))
}

func hash(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()
}
