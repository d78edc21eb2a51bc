package firewall

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A BanError tells which ban of a batch the kernel did not take.
type BanError struct {
	Jail   string
	Prefix netip.Prefix
	Err    error
}

func (e *BanError) Error() string {
	return fmt.Sprintf("ban %s in jail %s: %v", e.Prefix, e.Jail, e.Err)
}

func (e *BanError) Unwrap() error { return e.Err }

// Network is the network that is not banned.
func (e *BanError) Network() netip.Prefix { return e.Prefix }

// Final reports whether the ban will never be taken, however often it is tried: there is no such network, the kernel has
// no such family, or the set is full and cannot grow. A set that is not there, a lock, and memory may be had later.
func (e *BanError) Final() bool {
	var no *impossible
	if errors.As(e.Err, &no) {
		return true
	}
	return slices.ContainsFunc([]error{
		unix.EAFNOSUPPORT, unix.EPFNOSUPPORT, unix.EPROTONOSUPPORT, unix.ERANGE,
		nl.IPSetError(nl.IPSET_ERR_INVALID_CIDR), nl.IPSetError(nl.IPSET_ERR_INVALID_NETMASK),
		nl.IPSetError(nl.IPSET_ERR_INVALID_FAMILY),
	}, func(never error) bool { return errors.Is(e.Err, never) })
}

// hashFull is IPSET_ERR_HASH_FULL of linux/netfilter/ipset/ip_set_hash.h.
const hashFull = nl.IPSET_ERR_TYPE_SPECIFIC

// An impossible is why something can be no ban.
type impossible struct{ reason string }

func (e *impossible) Error() string { return e.reason }

// mayPass reports whether an error may be another one, or none, later.
func mayPass(err error) bool {
	var refused *BanError
	return !errors.As(err, &refused) || !refused.Final()
}
