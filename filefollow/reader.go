package filefollow

import (
	"errors"
	"io"
)

// A Reader gives the lines of a stream, such as standard input, by the rules a Follower has for files: decoding, the
// line cap, line ends, NUL bytes. It needs 320 KiB at most for streams in UTF-8.
type Reader struct {
	from    io.Reader
	decoder *decoder
	raw     []byte // read and not yet handed out; begins at a line's start
	used    int    // how much of raw was handed out by the last Next
	err     error  // what reading ended with, when raw still has to be handed out
}

// NewReader makes a Reader. The encoding is named as in Follower; nil Counters count nothing.
func NewReader(from io.Reader, encoding string, c *Counters) (*Reader, error) {
	if c == nil {
		c = new(Counters)
	}
	d, err := newDecoder(encoding, c)
	if err != nil {
		return nil, err
	}
	return &Reader{from: from, decoder: d}, nil
}

// Next gives the next complete lines, each ended by '\n', valid until the next call. A last line without a line end
// is given one when the stream ends. The error is the stream's, io.EOF at its end; Next may be called again after any
// error and goes on where it was.
func (r *Reader) Next() ([]byte, error) {
	r.raw = append(r.raw[:0], r.raw[r.used:]...)
	r.used = 0
	for {
		if end := r.decoder.lastEnd(r.raw); end > 0 {
			return r.hand(end), nil
		}
		if err := r.err; err != nil {
			r.err = nil
			if errors.Is(err, io.EOF) && len(r.raw) > 0 {
				r.err = err
				return r.last(), nil
			}
			return nil, err
		}
		r.fill()
	}
}

// last completes the line that the stream's end left without a line end.
func (r *Reader) last() []byte {
	end := make([]byte, r.decoder.unit())
	if r.decoder.width > 0 {
		end[0] = '\n'
	} else {
		end[len(end)-1] = '\n'
	}
	r.raw = append(r.raw[:r.decoder.aligned(int64(len(r.raw)))], end...)
	return r.hand(len(r.raw))
}

func (r *Reader) hand(end int) []byte {
	r.used = end
	text := r.decoder.text(r.raw[:end])
	c := r.decoder.counters
	c.Bytes.Add(int64(end))
	c.Lines.Add(countLines(text))
	return text
}

// fill reads once. A line that fills the buffer is over the cap and loses its end: there is always room.
func (r *Reader) fill() {
	if r.raw == nil {
		r.raw = make([]byte, 0, chunkSize)
	}
	if len(r.raw) == cap(r.raw) {
		r.raw = r.raw[:r.decoder.enough()]
	}
	n, err := r.from.Read(r.raw[len(r.raw):cap(r.raw)])
	r.raw, r.err = r.raw[:len(r.raw)+n], err
}
