package filefollow

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

const (
	chunkSize = 256 << 10 // bytes read at once
	lineCap   = 64 << 10  // bytes of a line that are kept
)

// A decoder makes clean text of raw lines. The zero decoder reads UTF-8.
type decoder struct {
	codec    *encoding.Decoder // nil: UTF-8
	width    int               // bytes of a line end: 2 in UTF-16, 4 in UTF-32, negative when big-endian
	counters *Counters
	decoded  []byte
	tidied   []byte
}

func newDecoder(name string, c *Counters) (*decoder, error) {
	enc, width, err := findEncoding(name)
	if err != nil {
		return nil, err
	}
	d := &decoder{width: width, counters: c}
	if enc != nil {
		d.codec = enc.NewDecoder()
	}
	return d, nil
}

// lastEnd is where the last complete line of raw ends, 0 when none does. Raw begins at a line's start.
func (d *decoder) lastEnd(raw []byte) int {
	end := len(raw)
	for {
		end = bytes.LastIndexByte(raw[:end], '\n')
		if end < 0 {
			return 0
		}
		if after, ok := d.lineEnd(raw, end); ok {
			return after
		}
	}
}

// firstEnd is where the first complete line of raw ends, 0 when none does.
func (d *decoder) firstEnd(raw []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(raw[from:], '\n')
		if i < 0 {
			return 0
		}
		if after, ok := d.lineEnd(raw, from+i); ok {
			return after
		}
		from += i + 1
	}
}

// lineEnd tells whether the '\n' byte at i is a line end in this encoding, and where the line end stops.
func (d *decoder) lineEnd(raw []byte, i int) (after int, ok bool) {
	n := d.unit()
	switch {
	case n == 1:
		return i + 1, true
	case d.width > 0:
		return i + n, i%n == 0 && i+n <= len(raw) && zero(raw[i+1:i+n])
	}
	return i + 1, i%n == n-1 && zero(raw[i+1-n:i])
}

// unit is how many bytes each character of the encoding has at least.
func (d *decoder) unit() int { return max(d.width, -d.width) }

// aligned is the last place up to n where a character can begin.
func (d *decoder) aligned(n int64) int64 { return n &^ int64(d.unit()-1) }

func zero(raw []byte) bool { return len(trimZeros(raw)) == 0 }

// text makes of raw complete lines their text: UTF-8, cut to the cap, without '\r' and NUL bytes around them. The result
// is raw itself or the decoder's memory.
func (d *decoder) text(raw []byte) []byte {
	if d.codec != nil {
		raw = d.decode(raw)
	}
	if !isClean(raw) {
		raw = d.tidy(raw)
	}
	return raw
}

func (d *decoder) decode(raw []byte) []byte {
	if need := 3*len(raw) + utf8.UTFMax; cap(d.decoded) < need {
		d.decoded = make([]byte, need)
	}
	d.codec.Reset()
	n, _, _ := d.codec.Transform(d.decoded[:cap(d.decoded)], raw, true)
	text := d.decoded[:n]
	d.counters.BadBytes.Add(int64(bytes.Count(text, []byte("\uFFFD"))))
	return bytes.TrimPrefix(text, []byte("\uFEFF"))
}

// isClean tells whether text can be handed out as it is.
func isClean(text []byte) bool {
	return bytes.IndexByte(text, '\r') < 0 && bytes.IndexByte(text, 0) < 0 && !hasLong(text) && utf8.Valid(text)
}

// hasLong tells whether a line of text is over the cap. It looks at few bytes: from each line end it finds, it jumps as
// far as a line may reach.
func hasLong(text []byte) bool {
	for len(text) > lineCap+1 {
		i := bytes.LastIndexByte(text[:lineCap+1], '\n')
		if i < 0 {
			return true
		}
		text = text[i+1:]
	}
	return false
}

// tidy copies text, line by line, as it should be.
func (d *decoder) tidy(text []byte) []byte {
	d.tidied = d.tidied[:0]
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		line = trimZeros(bytes.TrimRight(line, "\r"))
		if len(line) > lineCap {
			line = cut(line)
			d.counters.CutLines.Add(1)
		}
		var bad int
		d.tidied, bad = appendValid(d.tidied, line)
		d.tidied = append(d.tidied, '\n')
		d.counters.BadBytes.Add(int64(bad))
	}
	return d.tidied
}

// enough is how many raw bytes of a line show that it is over the cap.
func (d *decoder) enough() int {
	return d.unit() * (lineCap + 2)
}

// cut shortens a line to the cap without splitting a character.
func cut(line []byte) []byte {
	n := lineCap
	for n > lineCap-utf8.UTFMax && !utf8.RuneStart(line[n]) {
		n--
	}
	return line[:n]
}

// appendValid appends text to dst with each maximal invalid prefix replaced by one U+FFFD, as Python's
// errors='replace' does, and counts them.
func appendValid(dst, text []byte) ([]byte, int) {
	bad := 0
	for len(text) > 0 {
		if utf8.Valid(text) {
			return append(dst, text...), bad
		}
		good := 0
		for good < len(text) {
			r, size := utf8.DecodeRune(text[good:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			good += size
		}
		dst = append(append(dst, text[:good]...), "\uFFFD"...)
		text = text[good+invalidLen(text[good:]):]
		bad++
	}
	return dst, bad
}

// invalidLen is the length of the longest beginning of text that some valid character could begin with, at least 1.
// Text begins with an invalid sequence. The ranges are those of Unicode's table 3-7.
func invalidLen(text []byte) int {
	lead := text[0]
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch {
	case lead >= 0xC2 && lead <= 0xDF:
		need = 1
	case lead >= 0xE0 && lead <= 0xEF:
		need = 2
	case lead >= 0xF0 && lead <= 0xF4:
		need = 3
	}
	switch lead {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n <= need && n < len(text) && text[n] >= low && text[n] <= high {
		n, low, high = n+1, 0x80, 0xBF
	}
	return n
}

func countLines(text []byte) int64 { return int64(bytes.Count(text, []byte{'\n'})) }

// trimZeros drops leading NUL bytes. Those are what a file has where nothing was written.
func trimZeros(b []byte) []byte { return bytes.TrimLeft(b, "\x00") }
