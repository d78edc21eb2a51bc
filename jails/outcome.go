package jails

import (
	"errors"
	"fmt"
	"net/netip"

	"bailiff/jails/event"
)

// A NotEnforced is a ban that the kernel does not hold.
type NotEnforced struct {
	Ban   event.Ban
	Err   error // nil: the kernel holds it
	Final bool  // it never can, and the ban is not listed any more; else it is tried again
}

// Error names who is not banned, and why.
func (n *NotEnforced) Error() string {
	if n.Final {
		return fmt.Sprintf("%s cannot be banned: %v", n.Ban.Subject, n.Err)
	}
	return fmt.Sprintf("%s is not blocked yet, trying again: %v", n.Ban.Subject, n.Err)
}

// Unwrap is what the kernel said.
func (n *NotEnforced) Unwrap() error { return n.Err }

// errNoAddress is the refusal of a ban of an opaque id whose failures named no address.
var errNoAddress = errors.New("nothing is blocked: who is banned has no address")

// An outcome is what a Blocklist has said of some networks.
type outcome struct {
	asked bool // it had a say at all
	whole error
	about map[netip.Prefix]Refusal
}

// read takes the error of a Blocklist apart: what is no Refusal is about all networks.
func (o *outcome) read(err error) {
	if err == nil {
		return
	}
	all := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all = many.Unwrap()
	}
	for _, one := range all {
		var r Refusal
		if !errors.As(one, &r) {
			o.whole = one
			continue
		}
		if o.about == nil {
			o.about = map[netip.Prefix]Refusal{}
		}
		o.about[r.Network()] = r
	}
}

// of says what the outcome is for a ban.
func (o outcome) of(b event.Ban) NotEnforced {
	f := NotEnforced{Ban: b}
	if !o.asked {
		return f
	}
	p, ok := b.Network()
	if !ok {
		f.Err, f.Final = errNoAddress, true
		return f
	}
	if r := o.about[p]; r != nil {
		f.Err, f.Final = r, r.Final()
	} else {
		f.Err = o.whole
	}
	return f
}

// passing is the part of the outcome that may be another one later.
func (o outcome) passing() error {
	err := o.whole
	for _, r := range o.about {
		if !r.Final() {
			err = errors.Join(err, r)
		}
	}
	return err
}
