package filter

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// split parts the lines at hand into those that a match spans and those it does not. Lines that <SKIPLINES> skipped
// are among the latter. Fail2ban counts lines in the text that was searched, even where prefregex replaced it.
func (r *regex) split(caps []int, text []byte, lines []tuple) (matched, unmatched []tuple) {
	first, last := span(caps[0], caps[1], text)
	from := min(bytes.Count(text[:first], []byte{'\n'}), len(lines))
	to := max(min(bytes.Count(text[:last], []byte{'\n'}), len(lines)), from)
	matched = slices.Clone(lines[from:to])
	unmatched = slices.Clone(lines[:from])
	n := 0
	for _, skipped := range r.skipped(caps, text) {
		for i, t := range matched[n:] {
			if string(t.pre)+string(t.post) == skipped {
				unmatched = append(unmatched, t)
				matched = slices.Delete(matched, n+i, n+i+1)
				n += i
				break
			}
		}
	}
	return matched, append(unmatched, lines[to:]...)
}

// span widens a match to whole lines.
func span(start, end int, text []byte) (first, last int) {
	first = bytes.LastIndexByte(text[:min(start+1, len(text))], '\n') + 1
	from := end - 1
	if end == 0 { // Python reads an index of -1 from the end
		from = len(text) - 1
	}
	if i := bytes.IndexByte(text[from:], '\n'); i >= 0 {
		return first, from + i + 1
	}
	return first, len(text)
}

// skipped are the lines that <SKIPLINES> matched.
func (r *regex) skipped(caps []int, text []byte) []string {
	var b strings.Builder
	for _, i := range r.skips {
		if caps[2*i] >= 0 {
			b.Write(text[caps[2*i]:caps[2*i+1]])
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return splitLines(b.String())
}

// splitLines is Python's splitlines, for which a line may end by other characters than a newline, too.
func splitLines(s string) (lines []string) {
	for s != "" {
		end := strings.IndexAny(s, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029")
		if end < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:end])
		_, size := utf8.DecodeRuneInString(s[end:])
		if strings.HasPrefix(s[end:], "\r\n") {
			size = 2
		}
		s = s[end+size:]
	}
	return lines
}
