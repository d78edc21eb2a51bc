package firewall

import (
	"fmt"
	"hash/fnv"
)

const (
	maxSetName   = 31 // ipset's IPSET_MAXNAMELEN without the closing zero
	maxChainName = 28 // iptables' XT_EXTENSION_MAXNAMELEN without the closing zero
	chainName    = "bailiff"
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

// ownChain is the chain of ours that the chain hook jumps to.
func ownChain(hook string) string {
	if hook == "INPUT" {
		return chainName
	}
	return shorten(chainName+"-"+hook, maxChainName)
}

// shorten cuts a name that is too long and ends it by 8 hexadecimal digits of the whole name's hash (FNV-1a).
func shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s%08x", name[:limit-8], h.Sum32())
}
