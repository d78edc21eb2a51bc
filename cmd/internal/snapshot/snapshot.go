// Package snapshot keeps copies of the files that a configuration was read from, so that a daemon can start with the last
// one that worked when the files cannot be read.
package snapshot

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// format is the number of the form in which copies are written. Others are not read.
const format = 1

// A Copy is the files that a configuration was read from.
type Copy struct {
	Dir    string            // the directory of the configuration
	Made   time.Time         // when it worked
	Faults int               // how much was wrong in it all the same
	Files  map[string][]byte // by path, without the slash at its beginning

	tree *zip.Reader // of a copy that was read
}

// header is what an archive says of itself, in its comment.
type header struct {
	Format int       `json:"format"`
	Dir    string    `json:"dir"`
	Made   time.Time `json:"made"`
	Faults int       `json:"faults"`
	Sum    string    `json:"sum"`
}

// Path is where the copy of a configuration directory is kept below the directory state.
func Path(state, dir string) string {
	return filepath.Join(state, "last-configuration", url.PathEscape(dir)+".zip")
}

// Write keeps the copy at path, for its owner alone. A crash leaves the copy that was there before.
func (c *Copy) Write(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := c.archive()
	if err != nil {
		return err
	}
	half := path + ".new"
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.OpenFile(half, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(half)
		}
	}()
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(half, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (c *Copy) archive() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(c.Files[name]); err != nil {
			return nil, err
		}
	}
	h := header{Format: format, Dir: c.Dir, Made: c.Made, Faults: c.Faults}
	h.Sum = h.sum(c.Files)
	about, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	err = errors.Join(z.SetComment(string(about)), z.Close())
	return b.Bytes(), err
}

// sum is over the files and what the header says of them.
func (h *header) sum(files map[string][]byte) string {
	s := sha256.New()
	fmt.Fprintf(s, "%d %q %d %d\n", h.Format, h.Dir, h.Made.UnixNano(), h.Faults)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(s, "%q %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(s.Sum(nil))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Read reads the copy of the configuration directory dir from path. The error is fs.ErrNotExist when there is none; any
// other says that it is damaged or another's.
func Read(path, dir string) (*Copy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Dir != dir {
		return nil, fmt.Errorf("%s is the copy of %s", path, c.Dir)
	}
	return c, nil
}

// parse reads an archive and checks its sum.
func parse(text []byte) (*Copy, error) {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal([]byte(z.Comment), &h); err != nil {
		return nil, fmt.Errorf("its comment: %w", err)
	}
	if h.Format != format {
		return nil, fmt.Errorf("it is of form %d, this bailiff reads form %d", h.Format, format)
	}
	c := &Copy{Dir: h.Dir, Made: h.Made, Faults: h.Faults,
		Files: map[string][]byte{}, tree: z}
	for _, f := range z.File {
		if !fs.ValidPath(f.Name) {
			return nil, fmt.Errorf("%q is no path", f.Name)
		}
		if c.Files[f.Name], err = contents(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if h.sum(c.Files) != h.Sum {
		return nil, errors.New("it is damaged")
	}
	return c, nil
}

func contents(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// FS is a file system with the files of a copy that was read, and nothing else.
func (c *Copy) FS() fs.FS { return c.tree }
