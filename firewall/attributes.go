package firewall

import (
	"encoding/binary"
	"iter"

	"golang.org/x/sys/unix"
)

// An attributeList is a netlink message's attributes as they are written, after its header.
type attributeList []byte

// put adds an attribute.
func (a *attributeList) put(kind uint16, value []byte) {
	*a = binary.NativeEndian.AppendUint16(*a, uint16(4+len(value)))
	*a = binary.NativeEndian.AppendUint16(*a, kind)
	*a = append(*a, value...)
	for len(*a)%4 != 0 {
		*a = append(*a, 0)
	}
}

// open begins an attribute that holds others; close ends it.
func (a *attributeList) open(kind uint16) int {
	at := len(*a)
	a.put(kind|unix.NLA_F_NESTED, nil)
	return at
}

func (a *attributeList) close(at int) {
	binary.NativeEndian.PutUint16((*a)[at:], uint16(len(*a)-at))
}

// attributesOf yields the kind and value of each attribute in data, as far as it is well formed.
func attributesOf(data []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(data) >= 4 {
			size := int(binary.NativeEndian.Uint16(data))
			if size < 4 || size > len(data) {
				return
			}
			kind := binary.NativeEndian.Uint16(data[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
			if !yield(kind, data[4:size]) {
				return
			}
			data = data[min((size+3)&^3, len(data)):]
		}
	}
}
