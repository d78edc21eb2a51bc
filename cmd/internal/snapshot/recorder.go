package snapshot

import (
	"io/fs"
	"sync"
)

// A Recorder is a file system that remembers what was read from it, as it was when it was read.
type Recorder struct {
	fsys fs.FS

	mu    sync.Mutex
	files map[string][]byte
}

// Record returns a recorder of a file system.
func Record(fsys fs.FS) *Recorder {
	return &Recorder{fsys: fsys, files: map[string][]byte{}}
}

// Files are what was read so far, by path.
func (r *Recorder) Files() map[string][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files
}

// Open opens a file whose text is remembered as far as it is read.
func (r *Recorder) Open(name string) (fs.File, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return f, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[name] = nil
	return &recorded{File: f, name: name, by: r}, nil
}

// ReadDir lists a directory.
func (r *Recorder) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(r.fsys, name) }

// Stat tells what a path is, without opening it.
func (r *Recorder) Stat(name string) (fs.FileInfo, error) { return fs.Stat(r.fsys, name) }

// ReadLink is where a link points to.
func (r *Recorder) ReadLink(name string) (string, error) { return fs.ReadLink(r.fsys, name) }

// Lstat tells what a path is, and of a link that it is one.
func (r *Recorder) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(r.fsys, name) }

// A recorded file is being read.
type recorded struct {
	fs.File
	name string
	by   *Recorder
}

func (f *recorded) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.by.mu.Lock()
	defer f.by.mu.Unlock()
	f.by.files[f.name] = append(f.by.files[f.name], b[:n]...)
	return n, err
}
