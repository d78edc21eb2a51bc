package filefollow

import (
	"bytes"
	"slices"
	"time"
)

// A skip says that a glob does not want what stands before an offset.
type skip struct {
	glob int
	from int64
}

// start puts a file that was there before Run began, and is not known, where its globs want to begin.
func (r *run) start(s *source, f *file) {
	if f.pipe != nil {
		return
	}
	r.skipTo(s, f, func(g Glob) int64 {
		switch {
		case g.Tail:
			return r.lastLine(f)
		case !g.Since.IsZero() && g.Date != nil:
			return r.seek(f, g)
		}
		return 0
	})
}

// lookBack puts a file that is known back to where its globs want to read again.
func (r *run) lookBack(s *source, f *file) {
	if f.pipe != nil {
		return
	}
	known := f.mark
	r.skipTo(s, f, func(g Glob) int64 {
		if g.Since.IsZero() || g.Date == nil {
			return known.Offset
		}
		return min(r.seek(f, g), known.Offset)
	})
	if f.mark.Offset < known.Offset {
		f.seen = known
	}
}

// skipTo puts a file to the least offset of its globs, and notes those that want to begin later.
func (r *run) skipTo(s *source, f *file, offset func(Glob) int64) {
	f.skips = nil
	for _, g := range s.globs {
		f.skips = append(f.skips, skip{g, offset(r.Globs[g])})
	}
	least := slices.MinFunc(f.skips, func(a, b skip) int { return int(min(max(a.from-b.from, -1), 1)) }).from
	if m, ok, err := f.markAt(least); ok && err == nil {
		f.mark = m
	}
}

// limit is how far may be read at once, so that a chunk is wholly for the same globs and wholly seen or not.
func (f *file) limit() int64 {
	limit := min(f.mark.Offset+chunkSize, max(f.mark.Offset, f.bound))
	if f.seen.Offset > f.mark.Offset {
		limit = min(limit, f.seen.Offset)
	}
	for _, k := range f.skips {
		if k.from > f.mark.Offset {
			limit = min(limit, k.from)
		}
	}
	return limit
}

// wanted are the globs that text at an offset is for.
func (s *source) wanted(f *file, offset int64) []int {
	all := s.globs
	if s.shared != nil {
		all = s.shared
	}
	if f.skips == nil {
		return all
	}
	wanted, later := make([]int, 0, len(all)), false
	for _, g := range all {
		i := slices.IndexFunc(f.skips, func(k skip) bool { return k.glob == g })
		if i >= 0 && f.skips[i].from > offset {
			later = true
			continue
		}
		wanted = append(wanted, g)
	}
	if !later {
		f.skips = nil
	}
	return wanted
}

// lastLine is where the last line begins that is not complete yet, the end when all are.
func (r *run) lastLine(f *file) int64 {
	st, err := f.stat()
	if err != nil {
		return 0
	}
	from := r.decoder.aligned(max(0, st.Size-chunkSize))
	n, err := f.readAt(r.raw[:chunkSize], from)
	if err != nil {
		return 0
	}
	if end := r.decoder.lastEnd(r.raw[:n]); end > 0 || from == 0 {
		return from + int64(end)
	}
	return st.Size
}

// seek is the offset of the first line that is as young as a glob wants, found by halving the file: log lines are in
// order, or nearly so.
func (r *run) seek(f *file, g Glob) int64 {
	st, err := f.stat()
	if err != nil {
		return 0
	}
	low, high := int64(0), st.Size
	for high-low > lineCap {
		r.idle()
		middle := r.decoder.aligned(low + (high-low)/2)
		at, date := r.dated(f, g, middle, high)
		if at < 0 || !date.Before(g.Since) {
			high = middle
		} else {
			low = at
		}
	}
	return r.scanFor(f, g, low, high)
}

// dated finds the first line with a date that begins after from and before to, within what is read at once; at is -1
// when there is none.
func (r *run) dated(f *file, g Glob, from, to int64) (at int64, date time.Time) {
	n, err := f.readAt(r.raw[:min(chunkSize, to-from+lineCap)], from)
	if err != nil {
		return -1, date
	}
	raw := r.raw[:n]
	pos := r.decoder.firstEnd(raw)
	for pos > 0 && from+int64(pos) < to {
		size := r.decoder.firstEnd(raw[pos:])
		if size == 0 {
			break
		}
		if date, ok := r.date(g, raw[pos:pos+size]); ok {
			return from + int64(pos), date
		}
		pos += size
	}
	return -1, date
}

func (r *run) date(g Glob, raw []byte) (time.Time, bool) {
	return g.Date(bytes.TrimSuffix(r.seeker.text(raw), []byte("\n")))
}

// scanFor goes through the lines from a line's start on, to the first that is young enough. Lines without a date belong
// to the one before.
func (r *run) scanFor(f *file, g Glob, from, to int64) int64 {
	for from <= to {
		n, err := f.readAt(r.raw[:chunkSize], from)
		if err != nil {
			return from
		}
		raw := r.raw[:r.decoder.lastEnd(r.raw[:n])]
		if len(raw) == 0 {
			return from
		}
		for len(raw) > 0 {
			size := r.decoder.firstEnd(raw)
			if date, ok := r.date(g, raw[:size]); ok && !date.Before(g.Since) {
				return from
			}
			from += int64(size)
			raw = raw[size:]
		}
	}
	return from
}
