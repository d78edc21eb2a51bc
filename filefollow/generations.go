package filefollow

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A generation is a rotated form of a log, known by its name.
type generation struct {
	path  string
	id    id
	dated bool  // named by a date, not by a number
	order []int // the greater the newer, among those named alike
	time  int64 // when it was last written to, in Unix nanoseconds
}

// leftOut tells whether a path that a wildcard matched is not a log of its own: it is compressed, or the rotated form of
// a log that is followed, or was when its position was saved.
func (r *run) leftOut(path string, glob int) bool {
	switch filepath.Ext(path) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lzo", ".br", ".Z", ".zip":
		return true
	}
	for i := len(path) - 1; i > 0 && path[i] != '/'; i-- {
		log := path[:i]
		if !rotated(filepath.Base(log), path[strings.LastIndexByte(path, '/')+1:]) {
			continue
		}
		if at, _ := r.patterns[glob].match(split(log)); at && r.sources[log] == nil && r.known(log) {
			r.found(log, glob)
		}
		if r.sources[log] != nil {
			return true
		}
	}
	return false
}

// rotated tells whether name is log with a number or a date behind it.
func rotated(log, name string) bool {
	_, _, ok := rank(log, name)
	return ok && strings.HasPrefix(name, log)
}

// rank reads the number or date that makes name a rotated form of log: log.1, log-20261122, and where log has an
// extension also log.1.ext, log-20261122.ext; log.old is like log.1.
func rank(log, name string) (dated bool, order []int, ok bool) {
	ext := filepath.Ext(log)
	mark, ok := strings.CutPrefix(name, log)
	if !ok {
		mark, ok = strings.CutPrefix(name, strings.TrimSuffix(log, ext))
		mark, ok = cutSuffix(mark, ext, ok && ext != "")
	}
	if !ok || len(mark) < 2 || !strings.ContainsRune(".-_", rune(mark[0])) {
		return false, nil, false
	}
	if mark == ".old" {
		return false, []int{-1}, true
	}
	return rankMark(mark[0], mark[1:])
}

func cutSuffix(s, suffix string, ok bool) (string, bool) {
	before, found := strings.CutSuffix(s, suffix)
	return before, found && ok
}

func rankMark(separator byte, mark string) (dated bool, order []int, ok bool) {
	if strings.Trim(mark, "0123456789-_.:T") != "" {
		return false, nil, false
	}
	digits := 0
	for number := range strings.FieldsFuncSeq(mark, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(number)
		if err != nil {
			return false, nil, false
		}
		digits += len(number)
		order = append(order, n)
	}
	if len(order) == 1 && digits < 6 {
		return false, []int{-order[0]}, separator == '.'
	}
	return true, order, digits >= 6
}

// generations lists the rotated forms of a source's log that are not followed for themselves, oldest first.
func (r *run) generations(s *source) (found []generation) {
	add := func(dir, log string) {
		found = append(found, r.list(dir, strings.TrimSuffix(log, filepath.Ext(log)), func(name string) (g generation, ok bool) {
			g.dated, g.order, ok = rank(log, name)
			return g, ok && r.sources[filepath.Join(dir, name)] == nil
		})...)
	}
	dir, log := filepath.Dir(s.path), filepath.Base(s.path)
	add(dir, log)
	if s.target != "" {
		add(filepath.Dir(s.target), filepath.Base(s.target))
		if filepath.Dir(s.target) != dir {
			add(filepath.Dir(s.target), log)
		}
	}
	slices.SortStableFunc(found, func(a, b generation) int { return slices.Compare(a.order, b.order) })
	return slices.CompactFunc(found, func(a, b generation) bool { return a.path == b.path })
}

// since lists the rotated files that came after one of the source's: what was made and rotated away while nobody
// looked. Their names tell the order; when that file is not among them, the times tell.
func (r *run) since(s *source, m Mark, now *file) []generation {
	all := r.olderThan(s, now)
	at := slices.IndexFunc(all, func(g generation) bool { return g.id == m.id() })
	if at < 0 {
		return r.sinceTime(s, m, now)
	}
	a := all[at]
	return slices.DeleteFunc(all, func(g generation) bool {
		return g.dated != a.dated || slices.Compare(g.order, a.order) <= 0 || r.open[g.id] != nil
	})
}

// sinceTime lists the rotated files that were written to after a mark was made whose file is gone.
func (r *run) sinceTime(s *source, m Mark, now *file) []generation {
	all := slices.DeleteFunc(r.olderThan(s, now), func(g generation) bool {
		return m.Time == 0 || g.time <= m.Time || r.open[g.id] != nil
	})
	slices.SortStableFunc(all, func(a, b generation) int { return cmp.Compare(a.time, b.time) })
	return all
}

// olderThan lists the rotated forms of a source's log. When the path is a link to a file that is named like one, those
// that are named to come after it are left out.
func (r *run) olderThan(s *source, now *file) []generation {
	all := r.generations(s)
	if now == nil {
		return all
	}
	at := slices.IndexFunc(all, func(g generation) bool { return g.id == now.mark.id() })
	if at < 0 {
		return all
	}
	n := all[at]
	return slices.DeleteFunc(all, func(g generation) bool { return g.dated == n.dated && slices.Compare(g.order, n.order) > 0 })
}

// locate opens the file that a mark was made in: at its path, under another name by its identity, or a copy of it by
// its content. Nil means that it is gone.
func (r *run) locate(s *source, m Mark) *file {
	if f := r.try(s.path, m, true); f != nil {
		return f
	}
	if f := r.renamedTo(m, r.generations(s)); f != nil {
		return f
	}
	all := r.list(filepath.Dir(s.path), "", func(string) (g generation, ok bool) { return g, true })
	if f := r.renamedTo(m, all); f != nil {
		return f
	}
	if m.Offset == 0 {
		return nil
	}
	if f := r.try(s.path, m, false); f != nil {
		return f
	}
	return r.copyOf(s, m)
}

// renamedTo opens the one of some files that a mark was made in, unless it was followed under its own name.
func (r *run) renamedTo(m Mark, files []generation) *file {
	for _, g := range files {
		if g.id != m.id() || r.known(g.path) {
			continue
		}
		if f := r.try(g.path, m, true); f != nil {
			return f
		}
	}
	return nil
}

// copyOf opens the rotated file that has the content a mark was made in, the newest if there are several.
func (r *run) copyOf(s *source, m Mark) *file {
	for _, g := range slices.Backward(r.generations(s)) {
		if f := r.try(g.path, m, false); f != nil {
			return f
		}
	}
	return nil
}

// shorterCopy opens the newest rotated file that is a copy of what a mark was made in and ends before it, at its end:
// lines came into the log after it had been copied, and were read.
func (r *run) shorterCopy(s *source, m Mark) *file {
	for _, g := range slices.Backward(r.generations(s)) {
		f, err := openFile(g.path)
		if err != nil {
			continue
		}
		if r.open[f.mark.id()] == nil && f.endsBefore(m) {
			f.resume(m)
			f.vetted = true
			return f
		}
		f.close()
	}
	return nil
}

// try opens a file if it is the one of a mark, and moves it there. Exact asks for the same identity too.
func (r *run) try(path string, m Mark, exact bool) *file {
	f, err := openFile(path)
	if err != nil {
		return nil
	}
	if r.open[f.mark.id()] != nil || exact && f.mark.id() != m.id() || !f.holds(m) {
		f.close()
		return nil
	}
	i := f.mark.id()
	f.mark = m
	f.mark.Device, f.mark.Inode = i.device, i.inode
	f.vetted = true
	return f
}
