package ini

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Warnings are what fail2ban passes over without a word in the files read so far: links that lead
// nowhere, includes that are not there, files whose names it does not read, and text that a
// semicolon cuts off.
func (r *Reader) Warnings() []*Fault { return slices.Clone(r.warnings) }

func (r *Reader) warn(f *Fault) { r.warnings = append(r.warnings, f) }

// warnOfDangling warns of a name that its directory lists and that cannot be opened.
func (r *Reader) warnOfDangling(file string, chain []string) {
	target, err := fs.ReadLink(r.fsys, inside(file))
	if err != nil {
		return
	}
	r.warn(&Fault{File: file, Chain: chain,
		Message: fmt.Sprintf("is a link to %s, which is not there: nothing of it is read", target),
		Hint:    "put the file back where the link points to, or remove the link"})
}

// warnOfMissing warns of an included file that is not there. What a .local file would add is
// optional by custom: many of fail2ban's own files name one.
func (r *Reader) warnOfMissing(p, written, option string, list Value) {
	if path.Ext(p) == ".local" || r.exists(p) {
		return
	}
	n := slices.Index(strings.Split(list.Text, "\n"), written)
	hint := "correct the name, or drop the line"
	if now := moved[path.Base(p)]; now != "" && r.exists(path.Join(path.Dir(p), now)) {
		hint = "fail2ban 1.0 put it into " + now
	}
	if path.Ext(p) == "" && r.exists(p+".conf") {
		hint = "write " + written + ".conf"
	}
	message := fmt.Sprintf("there is no file %s to include", p)
	r.warn(list.Fault(n, includesSection, option, message, hint))
}

// moved are files of fail2ban that others took the place of.
var moved = map[string]string{
	"iptables-common.conf": "iptables.conf", "iptables-blocktype.conf": "iptables.conf",
	"nftables-common.conf": "nftables.conf",
}

// setAside are the ends of names that somebody gave a file so that it is not read.
var setAside = []string{
	"~", ".bak", ".backup", ".old", ".orig", ".save", ".swp", ".tmp", ".disabled", ".off",
	".sample", ".example", ".dpkg-dist", ".dpkg-old", ".dpkg-new", ".dpkg-tmp", ".dpkg-bak",
	".ucf-dist", ".ucf-old", ".ucf-new", ".rpmnew", ".rpmsave", ".rpmorig", ".pacnew", ".pacsave",
	".md", ".rst",
}

// IsSetAside reports whether a file's name says that it is not meant to be read.
func IsSetAside(name string) bool {
	switch name {
	case ".gitkeep", ".gitignore", ".placeholder":
		return true
	}
	return strings.HasPrefix(name, "#") || strings.HasPrefix(strings.ToUpper(name), "README") ||
		slices.ContainsFunc(setAside, func(end string) bool {
			return strings.HasSuffix(strings.ToLower(name), end)
		})
}

// warnOfUnread warns of files in a directory such as jail.d that look like configuration and do not
// end as such.
func (r *Reader) warnOfUnread(dir string, entries []fs.DirEntry) {
	for _, e := range entries {
		name := e.Name()
		known := path.Ext(name) == confExt || path.Ext(name) == ".local"
		if known && !strings.HasPrefix(name, ".") || e.IsDir() || IsSetAside(name) {
			continue
		}
		hint := "end its name in .conf or .local"
		if strings.HasPrefix(name, ".") {
			hint = "take the dot from the beginning of its name"
		}
		r.warn(&Fault{File: dir + "/" + name, Hint: hint,
			Message: "the file is not read: only names that end in .conf or .local are"})
	}
}
