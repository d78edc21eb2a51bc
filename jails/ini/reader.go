// Package ini reads configuration in fail2ban's dialect: Python's configparser with includes, a .local twin of every
// file, values that refer to others, and conditional sections. It is pure: a file system in, Sets of sections out.
// Every value knows its file and lines. Sections and keys of one file are kept by gopkg.in/ini.v1.
package ini

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Reader reads the sets of one configuration directory, and every file once. It is not safe for concurrent use.
type Reader struct {
	fsys     fs.FS
	dir      string
	shelf    shelf
	text     []byte                     // the file being read
	files    map[string]*file           // nil: there is no such file
	dirs     map[string]map[string]bool // the names in a directory; nil: it cannot be listed
	includes map[string][]*Source
	faults   []*Fault
	warnings []*Fault
	blamed   map[string][]*Fault // the faults by the file or directory that they are about
}

// NewReader is a reader of the directory dir of a file system that holds everything: the path /etc/fail2ban is its
// etc/fail2ban. Faults name files as dir does.
func NewReader(fsys fs.FS, dir string) *Reader {
	return &Reader{fsys: fsys, dir: dir, shelf: newShelf(), files: map[string]*file{}, dirs: map[string]map[string]bool{}, includes: map[string][]*Source{},
		blamed: map[string][]*Fault{}}
}

// Faults is everything that was wrong in the files read so far, in the order of reading.
func (r *Reader) Faults() []*Fault { return slices.Clone(r.faults) }

// blame notes what is wrong with a file or directory.
func (r *Reader) blame(path string, faults ...*Fault) {
	if len(faults) > 0 {
		r.faults = append(r.faults, faults...)
		r.blamed[path] = append(r.blamed[path], faults...)
	}
}

const confExt = ".conf"

// Read reads the files of a name such as jail or filter.d/sshd: NAME.conf, NAME.d/*.conf, NAME.local and
// NAME.d/*.local with all they include. The name may be a path from the root. What is faulty in the files is left out of the set, and told in its Faults; ok is
// false when there is no file at all.
func (r *Reader) Read(name string) (set *Set, ok bool) {
	base := r.base(name)
	var paths []string
	for _, ext := range []string{confExt, ".local"} {
		if r.exists(base + ext) {
			paths = append(paths, base+ext)
		}
		paths = append(paths, r.glob(base+".d", ext)...)
	}
	set = newSet()
	set.Faults = slices.Clone(r.blamed[base+".d"])
	for _, src := range r.expand(paths, nil) {
		set.Faults = append(set.Faults, r.blamed[src.Path]...)
		if f := r.file(src); f != nil {
			set.merge(f, src)
		}
	}
	return set, len(set.Files) > 0
}

// Path is where the main file of a name would stand.
func (r *Reader) Path(name string) string { return r.base(name) + confExt }

// base is a name's path without its end. A name that is a path from the root stays what it is.
func (r *Reader) base(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(r.dir, name)
}

func (r *Reader) glob(dir, ext string) []string {
	if !r.exists(dir) {
		return nil
	}
	entries, err := fs.ReadDir(r.fsys, inside(dir))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if ext == confExt {
			r.warnOfDangling(dir, nil)
		}
	case err != nil:
		if len(r.blamed[dir]) == 0 {
			r.blame(dir, &Fault{File: dir, Message: "read the directory: " + cause(err)})
		}
	case ext == confExt:
		r.warnOfUnread(dir, entries)
	}
	var paths []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ext) && !strings.HasPrefix(n, ".") {
			paths = append(paths, dir+"/"+n)
		}
	}
	return paths
}

// exists tells whether there is such a file or directory. One listing of the directory answers for all its files.
func (r *Reader) exists(file string) bool {
	dir, base := path.Split(file)
	names, ok := r.dirs[dir]
	if !ok {
		if entries, err := fs.ReadDir(r.fsys, inside(dir)); err == nil {
			names = make(map[string]bool, len(entries))
			for _, e := range entries {
				names[e.Name()] = true
			}
		}
		r.dirs[dir] = names
	}
	if names != nil {
		return names[base]
	}
	_, err := fs.Stat(r.fsys, inside(file))
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

// expand puts the includes of every file around it, and its .local twin behind it. Files that cannot be read are among
// them. chain is the files that led here.
func (r *Reader) expand(paths, chain []string) []*Source {
	paths = r.withLocals(paths)
	key := strings.Join(paths, "\x00")
	if all, ok := r.includes[key]; ok {
		return all
	}
	var all []*Source
	for _, p := range paths {
		all = append(all, r.around(&Source{Path: p, Chain: chain})...)
	}
	r.includes[key] = all
	return all
}

func (r *Reader) withLocals(paths []string) []string {
	var all []string
	for _, p := range paths {
		all = append(all, p)
		local := strings.TrimSuffix(p, path.Ext(p)) + ".local"
		if !slices.Contains(paths, local) && r.exists(local) {
			all = append(all, local)
		}
	}
	return all
}

// around is a file between those that its [INCLUDES] before and after name. A file that leads to itself is not
// entered again.
func (r *Reader) around(src *Source) []*Source {
	f := r.file(src)
	if f == nil {
		if len(r.blamed[src.Path]) > 0 {
			return []*Source{src}
		}
		return nil
	}
	chain := append(slices.Clone(src.Chain), src.Path)
	before := r.included(f, src, "before", chain)
	after := r.included(f, src, "after", chain)
	return slices.Concat(before, []*Source{src}, after)
}

const (
	includesSection = "INCLUDES"
	maxChain        = 50
	maxIncluded     = 2000 // files around one file
)

// include is what the file says of before or after.
func (f *file) include(src *Source, option string) (list Value, ok bool, fault *Fault) {
	if list, ok = f.own(includesSection, option); !ok && f.has(includesSection) {
		list, ok = f.own(DefaultSection, option)
	}
	if !strings.Contains(list.Text, "%") {
		return list, ok, nil
	}
	all := newSet()
	all.merge(f, src)
	return all.Get(includesSection, option, nil)
}

func (r *Reader) included(f *file, src *Source, option string, chain []string) []*Source {
	list, ok, fault := f.include(src, option)
	if fault != nil {
		r.blame(src.Path, fault)
	}
	if !ok || fault != nil {
		return nil
	}
	if len(chain) > maxChain {
		r.blame(src.Path, list.Fault(0, includesSection, option, "files include each other too deeply", ""))
		return nil
	}
	var all []*Source
	for _, written := range strings.Split(list.Text, "\n") {
		if written == "" {
			continue
		}
		p := written
		if !path.IsAbs(p) {
			p = path.Join(path.Dir(src.Path), p)
		}
		r.warnOfMissing(p, written, option, list)
		if !slices.Contains(src.Chain, p) {
			all = append(all, r.expand([]string{p}, chain)...)
		}
		if len(all) > maxIncluded {
			r.blame(src.Path, list.Fault(0, includesSection, option, fmt.Sprintf("more than %d files are included", maxIncluded), ""))
			return nil
		}
	}
	return all
}

// file is the parsed file, nil when there is none or it cannot be read at all; the latter is a fault.
func (r *Reader) file(src *Source) *file {
	if f, ok := r.files[src.Path]; ok {
		return f
	}
	r.files[src.Path] = nil
	text, err := r.load(inside(src.Path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		r.warnOfDangling(src.Path, src.Chain)
		return nil
	}
	if err != nil {
		r.blame(src.Path, &Fault{File: src.Path, Chain: src.Chain, Message: "read the file: " + cause(err),
			Hint: "the files must be readable for the user that bailiff runs as"})
		return nil
	}
	f, faults, warnings := scan(&r.shelf, src, text)
	r.blame(src.Path, faults...)
	r.warnings = append(r.warnings, warnings...)
	r.files[src.Path] = f
	return f
}

// load is the text of a file, or the beginning of one that is too large. The same memory takes every file.
func (r *Reader) load(name string) (string, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r.text = slices.Grow(r.text[:0], 32<<10)
	for err == nil && len(r.text) <= maxFileSize {
		r.text = slices.Grow(r.text, 8<<10)
		var n int
		n, err = f.Read(r.text[len(r.text):cap(r.text)])
		r.text = r.text[:len(r.text)+n]
	}
	if err != nil && err != io.EOF {
		return "", err
	}
	return string(r.text), nil
}

// inside is a path as the file system wants it.
func inside(p string) string {
	p = path.Clean(strings.TrimLeft(p, "/"))
	if p == "" {
		return "."
	}
	return p
}

// cause is an error without the path that the fault names already.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
