package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The layout is that of https://systemd.io/JOURNAL_FILE_FORMAT/ and of
// systemd's journal-def.h. All numbers are little-endian. All objects begin at
// multiples of 8.
const (
	headerSignature = "LPKSHHRH"
	headerLeast     = 208 // what the oldest files have

	atIncompatible  = 12
	atState         = 16
	atFileID        = 24
	atMachineID     = 40
	atBootID        = 56
	atSeqnumID      = 72
	atHeaderSize    = 88
	atArenaSize     = 96
	atDataTable     = 104
	atDataTableSize = 112
	atEntries       = 152
	atTailSeqnum    = 160
	atHeadSeqnum    = 168
	atEntryArray    = 176
	atHeadRealtime  = 184
	atTailRealtime  = 192

	incompatibleLZ4     = 1 << 1
	incompatibleKeyed   = 1 << 2
	incompatibleCompact = 1 << 4
	incompatibleKnown   = 1<<5 - 1 // and XZ and ZSTD

	objectHeader = 16
	objectData   = 1
	objectEntry  = 3
	objectTable  = 4
	objectArray  = 6

	compressedXZ   = 1 << 0
	compressedLZ4  = 1 << 1
	compressedZSTD = 1 << 2
	compressedAny  = compressedXZ | compressedLZ4 | compressedZSTD

	// In a data object.
	atDataHash       = 16
	atDataNext       = 24
	atDataEntry      = 40
	atDataArray      = 48
	atDataEntries    = 56
	dataPayload      = 64
	dataPayloadSmall = 72 // in compact files

	// In an entry object.
	atEntrySeqnum    = 16
	atEntryRealtime  = 24
	atEntryMonotonic = 32
	atEntryBoot      = 40
	atEntryXor       = 56
	entryItems       = 64

	// In an entry array.
	atArrayNext = 16
	arrayItems  = 24
)

// errNotYet is for a file that journald has made, but whose header or hash
// tables it has not written yet.
var errNotYet = errors.New("no header yet")

// errNewer is for a file that only a newer libsystemd may read.
var errNewer = errors.New("made by a newer systemd")

var le = binary.LittleEndian

// A layout is what a file's header fixes for good.
type layout struct {
	compact, keyed bool
	lz4            bool // some payloads may be compressed so
	fileID         id
	machine        id
	seqnumID       id
	headerSize     uint64
	table          uint64 // of data objects, by hash: its offset
	buckets        uint64
	payloadAt      uint64 // where a data object's payload begins
	entryItem      uint64 // how long an entry's item is
	arrayItem      uint64 // how long an entry array's item is
}

// readLayout reads the header b of a file of the given size. Nothing in it is
// trusted: what is not checked here is checked where it is used.
func readLayout(b []byte, end uint64) (layout, error) {
	if le.Uint64(b[atHeaderSize:]) == 0 || le.Uint64(b[atDataTable:]) == 0 ||
		le.Uint64(b[atDataTableSize:]) == 0 {
		return layout{}, errNotYet
	}
	if string(b[:8]) != headerSignature {
		return layout{}, errors.New("not a journal file")
	}
	flags := le.Uint32(b[atIncompatible:])
	if flags&^incompatibleKnown != 0 {
		return layout{}, fmt.Errorf("%w: flags %#x", errNewer, flags)
	}
	l := layout{
		keyed:      flags&incompatibleKeyed != 0,
		compact:    flags&incompatibleCompact != 0,
		lz4:        flags&incompatibleLZ4 != 0,
		fileID:     id(b[atFileID:]),
		machine:    id(b[atMachineID:]),
		seqnumID:   id(b[atSeqnumID:]),
		headerSize: le.Uint64(b[atHeaderSize:]),
		table:      le.Uint64(b[atDataTable:]),
		buckets:    le.Uint64(b[atDataTableSize:]) / 16,
		payloadAt:  dataPayload, entryItem: 16, arrayItem: 8,
	}
	if l.compact {
		l.payloadAt, l.entryItem, l.arrayItem = dataPayloadSmall, 4, 4
	}
	if l.headerSize < headerLeast || l.headerSize > end {
		return layout{}, fmt.Errorf("header of %d bytes in a file of %d", l.headerSize, end)
	}
	if l.buckets == 0 || l.buckets > end/16 || l.table < l.headerSize ||
		l.table > end-16*l.buckets {
		return layout{}, fmt.Errorf("hash table of %d buckets at %d in a file of %d bytes",
			l.buckets, l.table, end)
	}
	return l, nil
}

// bucket returns where the hash table has the first and the last object of a
// hash's chain.
func (l *layout) bucket(hash uint64) uint64 { return l.table + 16*(hash%l.buckets) }

// itemOf returns the offset of the data object that an entry names at one of
// its items.
func (l *layout) itemOf(entry []byte, i int) uint64 {
	if l.compact {
		return uint64(le.Uint32(entry[i:]))
	}
	return le.Uint64(entry[i:])
}
