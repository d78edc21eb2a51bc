package journal

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An inode tells files apart while one of them is open.
type inode struct{ dev, ino uint64 }

// A mapping is a journal file in a memory map. Others write into the file at
// any moment, and it may be damaged: no offset is followed unchecked.
type mapping struct {
	layout
	path   string
	inode  inode
	fd     *os.File // nil once the file can no longer grow
	b      []byte
	boot   id     // the one that the machine is in
	serial uint64 // tells the file from every other of its reader
	unpack *unpacker

	seen    uint64 // how many entries may be read
	horizon uint64 // the offset of the last one of them
	damaged uint64 // how many entries were passed over since that was last told

	part   uint64 // which part of the file was last made sure to be mapped
	warmth byte   // has no meaning, but without it the compiler would not read that part
}

// openMapping maps a file.
func openMapping(path string) (m mapping, err error) {
	m.path = path
	if m.fd, err = os.Open(path); err != nil {
		return m, err
	}
	// The header is read before the length is asked, for the file may be
	// growing. It is not read through the map, for the file may be cut off.
	head := make([]byte, headerLeast)
	if _, err = m.fd.ReadAt(head, 0); err == io.EOF {
		err = errNotYet
	}
	if err == nil {
		err = m.remap()
	}
	if err == nil {
		m.layout, err = readLayout(head, uint64(len(m.b)))
	}
	if err != nil {
		m.close()
		return m, fmt.Errorf("open %s: %w", path, err)
	}
	return m, nil
}

// remap maps the file as long as it is now.
func (m *mapping) remap() error {
	info, err := m.fd.Stat()
	if err != nil {
		return err
	}
	if m.inode, err = inodeOf(info); err != nil || info.Size() < headerLeast {
		return errNotYet
	}
	m.unmap()
	m.b, err = unix.Mmap(int(m.fd.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	return err
}

// inodeOf returns what tells a regular file from others.
func inodeOf(info fs.FileInfo) (inode, error) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return inode{}, fs.ErrInvalid
	}
	return inode{uint64(stat.Dev), stat.Ino}, nil
}

func (m *mapping) unmap() {
	if m.b != nil {
		unix.Munmap(m.b) // fails only for what is no map
		m.b = nil
	}
}

func (m *mapping) close() {
	m.unmap()
	m.closeDescriptor()
}

// closeDescriptor is for a file that will not grow.
func (m *mapping) closeDescriptor() {
	if m.fd != nil {
		m.fd.Close()
		m.fd = nil
	}
}

// archived reports whether journald is done with the file, by its name.
func (m *mapping) archived() bool {
	return strings.Contains(filepath.Base(m.path), "@") || strings.HasSuffix(m.path, "~")
}

// number reads a number that journald may be changing. Whatever journald wrote
// before that number is seen after this.
func (m *mapping) number(at uint64) uint64 {
	n := atomic.LoadUint64((*uint64)(unsafe.Pointer(&m.b[at])))
	return le.Uint64((*[8]byte)(unsafe.Pointer(&n))[:])
}

// grow maps what has been added, if the file has outgrown its map.
func (m *mapping) grow() error {
	if m.fd == nil || m.end() <= uint64(len(m.b)) {
		return nil
	}
	return m.remap()
}

// end returns where the file ends by its header, which is at once what journald
// makes of it.
func (m *mapping) end() uint64 { return m.number(atHeaderSize) + m.number(atArenaSize) }

// object returns the object at an offset, if there is one of that kind and at
// least that long.
func (m *mapping) object(at uint64, kind byte, least uint64) ([]byte, bool) {
	if at&7 != 0 || at < m.headerSize || at > uint64(len(m.b))-objectHeader {
		return nil, false
	}
	b := m.b[at:]
	size := le.Uint64(b[8:])
	if b[0] != kind || size < least || size > uint64(len(b)) {
		return nil, false
	}
	return b[:size:size], true
}

// entry returns the entry object at an offset.
func (m *mapping) entry(at uint64) ([]byte, bool) { return m.object(at, objectEntry, entryItems) }

// hasEntry reports whether there is an entry at an offset.
func (m *mapping) hasEntry(at uint64) bool {
	_, ok := m.entry(at)
	return ok
}

// positionOf reads the position of an entry object into p.
func (m *mapping) positionOf(entry []byte, p *position) {
	b := entry[:entryItems]
	p.seqnumID, p.boot = m.seqnumID, id(b[atEntryBoot:])
	p.seqnum, p.xor = le.Uint64(b[atEntrySeqnum:]), le.Uint64(b[atEntryXor:])
	p.realtime, p.monotonic = le.Uint64(b[atEntryRealtime:]), le.Uint64(b[atEntryMonotonic:])
	p.now = p.boot == m.boot
}

// positionAt returns the position of the entry at an offset, nil where there is
// none.
func (m *mapping) positionAt(at uint64) *position {
	b, ok := m.entry(at)
	if !ok {
		return nil
	}
	p := &position{}
	m.positionOf(b, p)
	return p
}

// payload returns the data object at an offset and its payload, unpacked.
func (m *mapping) payload(at uint64) (data, payload []byte, ok bool) {
	if data, ok = m.object(at, objectData, m.payloadAt); !ok {
		return nil, nil, false
	}
	if payload = data[m.payloadAt:]; data[1]&compressedAny != 0 {
		payload, ok = m.unpack.unpack(data[1], payload)
	}
	return data, payload, ok
}

// find returns the offset of the data object that holds the payload, 0 when
// there is none.
func (m *mapping) find(payload []byte, hash uint64) uint64 {
	at := le.Uint64(m.b[m.bucket(hash):])
	for at != 0 {
		data, ok := m.object(at, objectData, m.payloadAt)
		if !ok {
			m.damaged++
			return 0
		}
		if le.Uint64(data[atDataHash:]) == hash {
			if _, p, ok := m.payload(at); ok && string(p) == string(payload) {
				return at
			}
		}
		next := le.Uint64(data[atDataNext:])
		if next <= at { // the chain only grows; anything else might be a loop
			return 0
		}
		at = next
	}
	return 0
}
