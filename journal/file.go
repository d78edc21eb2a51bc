package journal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An inode tells files apart while one of them is open.
type inode struct{ dev, ino uint64 }

// A file is one journal file in a memory map. What it holds is written by others at any moment, and may be damaged: no
// offset is followed unchecked.
type file struct {
	layout
	path   string
	boot   id     // the one that the machine is in
	serial uint64 // tells it from every other file of its reader
	inode  inode
	fd     *os.File // nil once the file can no longer grow
	b      []byte

	entries list   // all of its entries
	root    node   // those that match
	from    uint64 // the next entry lies at or after this offset
	head    uint64 // the next entry; none when there is none within the horizon
	size    uint64 // of its object
	at      position

	notes node   // journald's notes of dropped messages
	noted uint64 // the next note lies at or after this offset

	tail     list      // all of its entries again, to find the last
	now      uint64    // how many entries it had at the last look
	seen     uint64    // how many of them may be yielded
	horizon  uint64    // and the last one's offset
	unlinked time.Time // since when the newest entry has not been named by its data; zero: it has

	damaged uint64 // how many entries were passed over unseen since that was last noted
	warned  bool   // of damage

	past  bool      // it ends before what is to be read
	fresh bool      // it came while others were being read
	late  uint64    // where its last entry lay then: those up to it may come before others that were yielded
	gone  time.Time // since when no path leads to the file; zero: one does

	part   uint64 // which part of the file was last made sure to be mapped
	warmth byte   // of no meaning; but for it the compiler would leave that out
}

// openFile maps a file.
func openFile(path string) (*file, error) {
	fd, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, fd: fd, head: none}
	// The header is read before the length is asked, for the file may be growing, and not through the map, for it may be
	// cut off.
	head := make([]byte, headerLeast)
	if _, err = fd.ReadAt(head, 0); err == io.EOF {
		err = errNotYet
	}
	if err == nil {
		err = f.remap()
	}
	if err == nil {
		f.layout, err = readLayout(head, uint64(len(f.b)))
	}
	if err != nil {
		f.close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return f, nil
}

// remap maps the file as long as it is now.
func (f *file) remap() error {
	info, err := f.fd.Stat()
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		f.inode = inode{uint64(stat.Dev), stat.Ino}
	}
	if !info.Mode().IsRegular() || info.Size() < headerLeast {
		return errNotYet
	}
	if err := f.unmap(); err != nil {
		return err
	}
	b, err := unix.Mmap(int(f.fd.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	f.b = b
	return nil
}

func (f *file) unmap() error {
	b := f.b
	f.b = nil
	if b == nil {
		return nil
	}
	return unix.Munmap(b)
}

func (f *file) close() {
	f.unmap()
	f.settle()
}

// settle gives the descriptor back: the file will not grow.
func (f *file) settle() {
	if f.fd != nil {
		f.fd.Close()
		f.fd = nil
	}
}

// archived tells, by its name, whether journald is done with the file.
func (f *file) archived() bool {
	return strings.Contains(f.path[strings.LastIndexByte(f.path, '/')+1:], "@") || strings.HasSuffix(f.path, "~")
}

// number reads a number that journald may be changing. What was written before it is seen after this.
func (f *file) number(at uint64) uint64 {
	n := atomic.LoadUint64((*uint64)(unsafe.Pointer(&f.b[at])))
	return le.Uint64((*[8]byte)(unsafe.Pointer(&n))[:])
}

// grow maps what has been added, if the file has outgrown its map.
func (f *file) grow() error {
	if f.fd == nil || f.end() <= uint64(len(f.b)) {
		return nil
	}
	return f.remap()
}

// end returns where the file ends by its header, which is at once what journald makes of it.
func (f *file) end() uint64 { return f.number(atHeaderSize) + f.number(atArenaSize) }

// object returns the object at an offset, when there is one of that kind and it is at least that long.
func (f *file) object(at uint64, kind byte, least uint64) ([]byte, bool) {
	if at&7 != 0 || at < f.headerSize || at > uint64(len(f.b))-objectHeader {
		return nil, false
	}
	b := f.b[at:]
	size := le.Uint64(b[8:])
	if b[0] != kind || size < least || size > uint64(len(b)) {
		return nil, false
	}
	return b[:size:size], true
}

// hasEntry tells whether there is an entry at an offset.
func (f *file) hasEntry(at uint64) bool {
	_, ok := f.object(at, objectEntry, entryItems)
	return ok
}

// load reads the entry at an offset into f.at and f.size.
func (f *file) load(at uint64) bool {
	b, ok := f.object(at, objectEntry, entryItems)
	if !ok {
		return false
	}
	f.size = uint64(len(b))
	f.at.read(b, f.seqnumID)
	f.at.now = f.at.boot == f.boot
	return true
}

// read takes the position of an entry object.
func (p *position) read(b []byte, seqnumID id) {
	b = b[:entryItems]
	p.seqnumID, p.boot = seqnumID, id(b[atEntryBoot:])
	p.seqnum, p.xor = le.Uint64(b[atEntrySeqnum:]), le.Uint64(b[atEntryXor:])
	p.realtime, p.monotonic = le.Uint64(b[atEntryRealtime:]), le.Uint64(b[atEntryMonotonic:])
}

func entryPosition(b []byte, seqnumID id) (p position) {
	p.read(b, seqnumID)
	return p
}

// positionOf returns the position of an entry object of the file.
func (f *file) positionOf(b []byte) position {
	p := entryPosition(b, f.seqnumID)
	p.now = p.boot == f.boot
	return p
}

// bucket returns where the hash table has the first and the last object of a hash's chain.
func (l *layout) bucket(hash uint64) uint64 { return l.table + 16*(hash%l.buckets) }

// find returns the offset of the data object that holds the payload, 0 when there is none.
func (f *file) find(payload []byte, hash uint64, u *unpacker) uint64 {
	at := le.Uint64(f.b[f.bucket(hash):])
	for at != 0 {
		b, ok := f.object(at, objectData, f.payload)
		if !ok {
			f.damaged++
			return 0
		}
		if le.Uint64(b[atDataHash:]) == hash && f.holds(b, payload, u) {
			return at
		}
		next := le.Uint64(b[atDataNext:])
		if next <= at { // the chain only grows; anything else might be a loop
			return 0
		}
		at = next
	}
	return 0
}

func (f *file) holds(data, payload []byte, u *unpacker) bool {
	p := data[f.payload:]
	if data[1]&compressedAny != 0 {
		var err error
		if p, err = u.unpack(data[1], p); err != nil {
			return false
		}
	}
	return string(p) == string(payload)
}
