package config

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// warnFileNames warns of files of the configuration's directory whose names are nearly those that
// are read.
func (b *builder) warnFileNames() {
	entries, err := fs.ReadDir(b.fsys, path.Clean(strings.TrimLeft(b.dir, "/")))
	if err != nil {
		return
	}
	files, dirs := []string{}, []string{"filter.d", "action.d"}
	for _, name := range []string{"jail", "fail2ban", "bailiff"} {
		files, dirs = append(files, name+".conf", name+".local"), append(dirs, name+".d")
	}
	for _, e := range entries {
		known := files
		if e.IsDir() {
			known = dirs
		}
		if meant := misnamed(e.Name(), known); meant != "" && !ini.IsSetAside(e.Name()) {
			b.warn(&Fault{File: b.dir + "/" + e.Name(), Message: "nothing reads this name",
				Hint: fmt.Sprintf("is %s meant?", meant)})
		}
	}
}

// misnamed is the one of the known names that was perhaps meant, "" for a name that is one or like
// none of them.
func misnamed(name string, known []string) string {
	if slices.Contains(known, name) {
		return ""
	}
	for _, k := range known {
		stem, ext := strings.TrimSuffix(k, path.Ext(k)), path.Ext(k)
		slips := 1
		if len(stem) > 4 {
			slips = 2
		}
		doubled := strings.HasPrefix(name, stem+".") && strings.HasSuffix(name, ext) // jail.conf.d
		if doubled || strings.EqualFold(name, k) || distance(name, k) <= slips {
			return k
		}
	}
	return ""
}
