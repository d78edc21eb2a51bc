package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// places are where journal files may be.
type places struct {
	roots  []string               // directories that hold files and directories of files
	globs  []string               // or files by name
	subdir func(name string) bool // reports whether a root's directory holds files
	flags  Flags
}

// places works out where the journals lie that o names.
func (o Options) places() places {
	p := places{flags: o.Flags, subdir: func(name string) bool { return ownDir("", "", name) }}
	switch {
	case o.Dir != "":
		p.roots = []string{o.Dir}
	case len(o.Files) > 0:
		p.globs = o.Files
	default:
		p.roots = []string{"/run/log/journal", "/var/log/journal"}
		if o.Flags&RuntimeOnly != 0 {
			p.roots = p.roots[:1]
		}
		// The machine's id may change while we read.
		p.subdir = func(name string) bool { return ownDir(machineID(), o.Namespace, name) }
	}
	return p
}

// journalDir reports whether a directory of this name holds journal files: it
// is a machine's id, and perhaps a namespace.
func journalDir(name string) bool {
	machine, _, _ := strings.Cut(name, ".")
	_, err := parseID(machine)
	return err == nil
}

// ownDir reports the same for a machine's own directories, and for what
// Options.Namespace says. A container may have no id, and another machine's
// journals: then every machine is this one.
func ownDir(own, namespace, name string) bool {
	machine, ns, _ := strings.Cut(name, ".")
	if !journalDir(name) || own != "" && machine != own {
		return false
	}
	named, both := strings.CutPrefix(namespace, "+")
	return namespace == "*" || ns == named || both && ns == ""
}

// machineID returns the id of this machine, "" where it has none.
func machineID() string {
	b, _ := os.ReadFile("/etc/machine-id")
	s := strings.TrimSpace(string(b))
	if _, err := parseID(s); err != nil {
		return ""
	}
	return s
}

// bootID returns the id of the boot that the machine is in, zero where it has
// none.
func bootID() id {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	boot, _ := parseID(strings.ReplaceAll(strings.TrimSpace(string(b)), "-", ""))
	return boot
}

// wanted reports whether a file is to be read, by its name. libsystemd decides
// likewise.
func (p *places) wanted(name string) bool {
	if !strings.HasSuffix(name, ".journal") && !strings.HasSuffix(name, ".journal~") {
		return false
	}
	var owners []string
	if p.flags&System != 0 {
		owners = append(owners, "system")
	}
	if p.flags&CurrentUser != 0 {
		owners = append(owners, "user-"+strconv.Itoa(os.Getuid()))
	}
	return owners == nil || slices.ContainsFunc(owners, func(owner string) bool {
		return strings.HasPrefix(name, owner+".") || strings.HasPrefix(name, owner+"@")
	})
}

// scan returns the files that are there, and the directories in which more may
// appear. An error means that some directory, which exists, could not be read.
func (p *places) scan() (files, dirs []string, err error) {
	var errs []error
	for _, root := range p.roots {
		subdirs, err := p.list(root, &files)
		errs = append(errs, err)
		dirs = append(append(dirs, root), subdirs...)
		for _, dir := range subdirs {
			_, err := p.list(dir, &files)
			errs = append(errs, err)
		}
	}
	for _, glob := range p.globs {
		found, err := filepath.Glob(glob)
		errs = append(errs, err)
		files = append(files, found...)
		dirs = append(dirs, globDirs(glob)...)
	}
	return files, dirs, errors.Join(errs...)
}

// globDirs are the directories in which something may appear that a glob
// matches.
func globDirs(glob string) (dirs []string) {
	for dir := filepath.Dir(glob); ; dir = filepath.Dir(dir) {
		found, _ := filepath.Glob(dir)
		dirs = append(dirs, found...)
		if !strings.ContainsAny(dir, `*?[\`) {
			return dirs
		}
	}
}

// list adds a directory's journal files and returns its directories of journal
// files.
func (p *places) list(dir string, files *[]string) (subdirs []string, _ error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 && journalDir(e.Name()) {
			info, err := os.Stat(path)
			isDir = err == nil && info.IsDir()
		}
		if isDir && p.subdir(e.Name()) {
			subdirs = append(subdirs, path)
		} else if !isDir && p.wanted(e.Name()) {
			*files = append(*files, path)
		}
	}
	return subdirs, err
}
