package source

import "bytes"

// mostRewritten is how large a log may be for its lines to be known again when
// it is written anew: programs that do so at each line keep their logs short.
const mostRewritten = 32 << 10

// A rewrites knows the lines of a short log again when the log is written anew
// in place, with old lines and new ones. What was read before is not handed on
// once more. Rotated logs begin with lines of their own.
type rewrites struct {
	now    []byte // what was read of the log as it is now; nil: it is too long
	before []byte // the same of the log as it was before, while the one that is now repeats it
	at     int    // how far
	logged bool   // that this happens
}

// fresh returns the part of a text that was not read before. begin says that
// the log begins with it.
func (r *rewrites) fresh(text []byte, begin bool) []byte {
	if begin {
		r.before, r.at, r.now = r.now, -1, []byte{}
	}
	rest := r.cut(text)
	if r.now == nil || len(r.now)+len(text) > mostRewritten {
		r.now = nil
		return rest
	}
	r.now = append(r.now, text...)
	return rest
}

// cut cuts off what repeats the log as it was.
func (r *rewrites) cut(text []byte) []byte {
	if len(r.before) == 0 {
		return text
	}
	if r.at < 0 {
		if r.at = repeatedFrom(r.before, text); r.at < 0 {
			end := newestFirst(r.before, text)
			r.before = nil
			return text[:end]
		}
	}
	old := r.before[r.at:]
	n := min(len(old), len(text))
	if !bytes.Equal(old[:n], text[:n]) {
		r.before = nil
		return text
	}
	if r.at += n; r.at == len(r.before) {
		r.before = nil
	}
	return text[n:]
}

// repeatedFrom is the first line of a log from which on a text repeats it, -1
// for none. A single line, or one that is repeated, may be another that says
// the same.
func repeatedFrom(log, text []byte) int {
	for at := 0; at < len(log); at += bytes.IndexByte(log[at:], '\n') + 1 {
		old := log[at:]
		if n := min(len(old), len(text)); bytes.Equal(old[:n], text[:n]) && differ(old) {
			return at
		}
	}
	return -1
}

// newestFirst is where, in a text, lines begin with which the log began: new
// lines were put before them.
func newestFirst(log, text []byte) int {
	for at := 0; at < len(text); at += bytes.IndexByte(text[at:], '\n') + 1 {
		if bytes.HasPrefix(log, text[at:]) && differ(text[at:]) {
			return at
		}
	}
	return len(text)
}

// differ reports whether not all lines are the same.
func differ(lines []byte) bool {
	first := lines[:bytes.IndexByte(lines, '\n')+1]
	return len(bytes.ReplaceAll(lines, first, nil)) > 0
}
