package journal

import "time"

// linkPatience is how long an entry may be written but not yet named by its
// data.
const linkPatience = time.Second

// A file is a journal file that is being read.
type file struct {
	mapping

	chosen feed     // the entries that match
	head   uint64   // the offset of the next one; none: there is none within the horizon
	size   uint64   // and its length
	at     position // and its position
	notes  feed     // journald's notes of dropped messages

	now      uint64    // how many entries there were at the last look
	tail     list      // all of them, to find the last
	unlinked time.Time // since when the last is not named by its data; zero: it is

	fresh  bool      // the file came while others were being read
	came   uint64    // its last entry then: those up to it may be late
	gone   time.Time // since when no path leads to the file; zero: one does
	warned bool      // of damage
}

func openFile(path string) (*file, error) {
	m, err := openMapping(path)
	if err != nil {
		return nil, err
	}
	return &file{mapping: m, head: none}, nil
}

// load reads the position and size of the entry at head. It is false when there
// is none.
func (f *file) load() bool {
	b, ok := f.entry(f.head)
	if ok {
		f.size = uint64(len(b))
		f.positionOf(b, &f.at)
	}
	return ok
}

// extend moves the horizon to the first count entries, when the last of them is
// complete. journald counts an entry first and then has its data name it, and
// matches go by the data.
func (f *file) extend(count uint64) bool {
	if count <= f.seen {
		return false
	}
	if f.tail.array == 0 { // the file was empty
		f.tail = f.chain(0)
	}
	l := f.tail
	l.n = count
	at := l.get(&f.mapping, count-1)
	if complete := at != 0 && at != none && f.linked(at); !complete && !f.archived() {
		if f.unlinked.IsZero() {
			f.unlinked = time.Now()
		}
		if time.Since(f.unlinked) < linkPatience {
			return false
		}
	}
	f.tail, f.unlinked = l, time.Time{}
	f.seen, f.horizon = count, at
	if !f.hasEntry(at) { // the chain is broken: whatever can be reached may be read
		f.horizon = none - 1
	}
	f.chosen.renew()
	f.notes.renew()
	return true
}

// linked reports whether all data of the entry name it. journald has its last
// item do so last.
func (f *file) linked(at uint64) bool {
	entry, ok := f.object(at, objectEntry, entryItems+f.entryItem)
	if !ok {
		return false
	}
	data := f.itemOf(entry, len(entry)-int(f.entryItem))
	if _, ok := f.object(data, objectData, f.payloadAt); !ok {
		return false
	}
	n := f.number(data + atDataEntries)
	if n < 2 {
		return n == 1 && le.Uint64(f.b[data+atDataEntry:]) >= at
	}
	l := list{array: le.Uint64(f.b[data+atDataArray:]), n: n - 1}
	last := l.get(&f.mapping, n-2)
	return last != none && last >= at
}

// through reports whether all that was written to the file has been read.
func (f *file) through() bool { return f.head == none && f.number(atEntries) <= f.seen }

// finished reports whether all was read that will ever be written to the file.
func (f *file) finished() bool { return f.through() && f.archived() }
