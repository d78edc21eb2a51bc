package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// places are where journal files may be.
type places struct {
	roots  []string                      // directories that hold files and directories of files
	globs  []string                      // or files by name
	subdir func() func(name string) bool // asked at each scan, for the machine's id may change
	flags  Flags
}

// places works out where the journals lie that o names.
func (o Options) places() places {
	p := places{flags: o.Flags, subdir: func() func(string) bool { return ownDir("", "") }}
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
		p.subdir = func() func(string) bool { return ownDir(machineID(), o.Namespace) }
	}
	return p
}

// journalDir tells whether a directory of this name holds journal files: a machine's id, and perhaps a namespace.
func journalDir(name string) bool {
	machine, _, _ := strings.Cut(name, ".")
	_, err := parseID(machine)
	return err == nil
}

// ownDir returns the same for this machine and for what Options.Namespace says. A container may have no id, and another
// machine's journals: then every machine is this one.
func ownDir(own, namespace string) func(string) bool {
	named, both := strings.CutPrefix(namespace, "+")
	return func(name string) bool {
		machine, ns, _ := strings.Cut(name, ".")
		if !journalDir(name) || own != "" && machine != own {
			return false
		}
		return namespace == "*" || ns == named || both && ns == ""
	}
}

func machineID() string {
	b, _ := os.ReadFile("/etc/machine-id")
	s := strings.TrimSpace(string(b))
	if _, err := parseID(s); err != nil {
		return ""
	}
	return s
}

// bootID returns the id of the boot that the machine is in, zero where it has none.
func bootID() id {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	boot, _ := parseID(strings.ReplaceAll(strings.TrimSpace(string(b)), "-", ""))
	return boot
}

// wanted tells, as libsystemd does, by its name whether a file is to be read.
func (p *places) wanted(name string) bool {
	if !strings.HasSuffix(name, ".journal") && !strings.HasSuffix(name, ".journal~") {
		return false
	}
	if p.flags&(System|CurrentUser) == 0 {
		return true
	}
	user := "user-" + strconv.Itoa(os.Getuid())
	return p.flags&System != 0 && (strings.HasPrefix(name, "system.") || strings.HasPrefix(name, "system@")) ||
		p.flags&CurrentUser != 0 && (strings.HasPrefix(name, user+".") || strings.HasPrefix(name, user+"@"))
}

// scan returns the files that are there, and the directories in which more may appear. An error means that some
// directory, which exists, could not be read.
func (p *places) scan() (files, dirs []string, err error) {
	var errs []error
	subdir := p.subdir()
	for _, root := range p.roots {
		subdirs, err := p.list(root, subdir, &files)
		errs = append(errs, err)
		dirs = append(dirs, root)
		for _, d := range subdirs {
			_, err := p.list(d, subdir, &files)
			errs = append(errs, err)
			dirs = append(dirs, d)
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

// globDirs are the directories in which something may appear that a glob matches.
func globDirs(glob string) (dirs []string) {
	for dir := filepath.Dir(glob); ; dir = filepath.Dir(dir) {
		found, _ := filepath.Glob(dir)
		dirs = append(dirs, found...)
		if !strings.ContainsAny(dir, `*?[\`) {
			return dirs
		}
	}
}

// list adds a directory's journal files and returns its directories of journal files.
func (p *places) list(dir string, subdir func(name string) bool, files *[]string) (subdirs []string, _ error) {
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
		if isDir && subdir(e.Name()) {
			subdirs = append(subdirs, path)
		} else if !isDir && p.wanted(e.Name()) {
			*files = append(*files, path)
		}
	}
	return subdirs, err
}
