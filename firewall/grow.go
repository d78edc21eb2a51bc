package firewall

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// makeRoom lets a set grow before so many more entries would fill it over three quarters. What is known of its entries
// is too high, since they expire, so the kernel is asked first.
func (s *ipsets) makeRoom(name string, f family, more uint32) error {
	known := s.sizes[name]
	if known == nil {
		return fmt.Errorf("set %s does not stand", name)
	}
	if known.entries += more; known.entries <= known.limit/4*3 {
		return nil
	}
	there, err := s.ours()
	if err != nil {
		return err
	}
	known.entries = there[name].entries + more
	if known.entries <= known.limit/4*3 {
		return nil
	}
	limit := max(2*known.limit, 2*known.entries)
	if err := s.grow(name, f, limit); err != nil {
		return fmt.Errorf("grow set %s to %d: %w", name, limit, err)
	}
	known.limit = limit
	return nil
}

// grow copies a set into a bigger one and swaps the two, so that rules see the one or the other. Its name begins as all
// of ours do: Ensure destroys what a crash leaves.
func (s *ipsets) grow(name string, f family, limit uint32) error {
	bigger := shorten("bailiff"+f.digit+"~"+name+"-that-is-growing", maxSetName)
	err := s.create(bigger, f, limit)
	if errors.Is(err, unix.EEXIST) || errors.Is(err, nl.IPSetError(nl.IPSET_ERR_EXIST)) { // as a crash leaves it
		err = errors.Join(s.handle.IpsetDestroy(bigger), s.create(bigger, f, limit))
	}
	if err != nil {
		return err
	}
	err = s.copy(name, bigger, f)
	if err == nil {
		err = s.handle.IpsetSwap(bigger, name)
	}
	_ = s.handle.IpsetDestroy(bigger) // who lists it just now is in the way: stand destroys it then
	return err
}

func (s *ipsets) copy(from, to string, f family) error {
	bans, err := s.read(from, f)
	if err != nil {
		return err
	}
	var entries []entry
	for p, left := range bans {
		entries = append(entries, entry{p, left})
	}
	for part := range slices.Chunk(entries, batch) {
		if err := s.change(nl.IPSET_CMD_ADD, to, part); err != nil {
			return err
		}
	}
	return nil
}
