package filefollow

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// read hands out what is new in a file, as far as the budget of bytes goes. More tells that there is more.
func (r *run) read(s *source, f *file, budget *int) (more bool, err error) {
	if f.pipe != nil {
		return r.readPipe(s, f, budget)
	}
	if f.doubt != nil && !f.settle() {
		return false, nil
	}
	if r.vet(s, f) {
		return true, nil
	}
	for {
		at := f.mark.Offset
		raw, whole, err := r.fetch(f)
		switch {
		case errors.Is(err, errRewritten):
			r.rewritten(s, f)
			return true, nil
		case err != nil:
			r.lose(s, err)
			return false, nil
		case len(raw) > 0:
			if err := r.hand(s, f, at, raw); err != nil {
				return false, err
			}
		}
		if !whole {
			f.drained = f != s.current
			s.live = s.live || f == s.newest()
			return false, nil
		}
		if *budget -= int(f.mark.Offset - at); *budget <= 0 || f.mark.Offset == at {
			return true, nil
		}
	}
}

// readPipe hands out what has been written into a FIFO.
func (r *run) readPipe(s *source, f *file, budget *int) (more bool, err error) {
	for *budget > 0 {
		text, err := f.pipe.Next()
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, io.EOF) {
			s.live = true
			return false, nil
		}
		if err != nil {
			r.lose(s, err)
			return false, nil
		}
		*budget -= len(text)
		if err := r.yieldChunk(Chunk{Path: s.path, Text: text, Begin: -1, Globs: s.wanted(f, 0), End: s.position(),
			Live: s.live}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// fetch reads the next complete lines of a file and moves its mark over them. The bytes before the mark are read again
// with them, and the first of the file: if they are not what they were, the file was written anew. Whole tells that there may be more.
func (r *run) fetch(f *file) (raw []byte, whole bool, err error) {
	before := int(min(f.mark.Offset, tailLen))
	want := r.raw[:before+int(f.limit()-f.mark.Offset)]
	n, err := f.readAt(want, f.mark.Offset-int64(before))
	if err != nil {
		return nil, false, err
	}
	if n < before || sum(fnvBase, want[:before]) != f.mark.Tail || before == 0 && !f.holds(f.glanced) {
		return nil, false, errRewritten
	}
	if n > before && !r.begins(f) {
		return nil, false, errRewritten
	}
	raw, whole = want[before:n], n == len(want) && n > before
	end := r.decoder.lastEnd(raw)
	if end == 0 {
		return r.incomplete(f, want[:n], before, whole)
	}
	f.mark.advance(want[:before+end], before)
	f.touch()
	return raw[:end], whole, nil
}

// begins tells whether a file begins with what was read there. Where many lines end alike, one that was written anew and
// has grown past the mark may have the same bytes right before it.
func (r *run) begins(f *file) bool {
	head := r.head[:min(f.mark.Offset, headLen)]
	n, err := f.readAt(head, 0)
	return err == nil && n == len(head) && sum(fnvBase, head) == f.mark.Head
}

// incomplete deals with text[before:], which holds no line end: NUL bytes, as a hole in a file gives them, are passed
// over; of a line that is longer than what is read at once, the end is looked for.
func (r *run) incomplete(f *file, text []byte, before int, whole bool) ([]byte, bool, error) {
	raw := text[before:]
	zeros := int(r.decoder.aligned(int64(len(raw) - len(trimZeros(raw)))))
	if zeros > 0 {
		f.mark.advance(text[:before+zeros], before)
		if whole && zeros == len(raw) {
			return nil, true, f.skipHole()
		}
		return nil, whole, nil
	}
	if len(raw) < chunkSize {
		return nil, false, nil
	}
	return r.long(f, text, before)
}

// skipHole moves the mark to where a file has data again. Without that, holes would be read as NUL bytes.
func (f *file) skipHole() error {
	at, err := unix.Seek(f.fd, f.mark.Offset, unix.SEEK_DATA)
	if err != nil || at <= f.mark.Offset {
		return nil // it is no hole, or one up to the end: reading tells
	}
	m, ok, err := f.markAt(at)
	if ok {
		f.mark = m
	}
	return err
}

// long finds the end of a line that is longer than what is read at once. The line's beginning is kept in text, and what
// was searched before is not searched again.
func (r *run) long(f *file, text []byte, before int) ([]byte, bool, error) {
	keep := before + r.decoder.enough()
	rest := text[keep : len(text)-(len(text)-keep)%2]
	at := max(f.mark.Offset+int64(len(text)-before), f.looked)
	for range turnBytes / lineCap {
		n, err := f.readAt(rest, at)
		if err != nil {
			return nil, false, err
		}
		if end := r.decoder.firstEnd(rest[:n]); end > 0 {
			m, ok, err := f.markAt(at + int64(end))
			if err != nil || !ok {
				return nil, false, err
			}
			f.mark, f.looked = m, 0
			f.touch()
			return text[before:keep], true, nil
		}
		at += int64(n &^ 1)
		f.looked = at
		if n < len(rest) {
			return nil, false, nil
		}
	}
	return nil, true, nil
}

// hand hands out raw lines of a file that begin at an offset, or with none of them its position.
func (r *run) hand(s *source, f *file, at int64, raw []byte) error {
	bad := r.counters.BadBytes.Load()
	text := r.decoder.text(raw)
	if !s.warned && r.counters.BadBytes.Load() > bad {
		s.warned = true
		r.log.Warn("log has bytes that are not in its encoding, see logencoding", "path", s.path, "encoding", r.Encoding)
	}
	r.counters.Bytes.Add(int64(len(raw)))
	r.counters.Lines.Add(countLines(text))
	return r.yieldChunk(Chunk{Path: s.path, Text: text, Begin: at, Globs: s.wanted(f, at), End: s.position(),
		Live: s.live, Seen: at < f.seen.Offset})
}

func (r *run) yieldChunk(c Chunk) error {
	if err := r.yield(c); err != nil {
		return err
	}
	r.idle()
	return nil
}
