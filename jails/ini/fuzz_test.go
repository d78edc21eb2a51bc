package ini

import (
	"strings"
	"testing"
)

// Whatever stands in files, reading them ends, and every value knows a line of a file.
func FuzzRead(f *testing.F) {
	f.Add("[a]\nb = %(c)s\n  more\n[DEFAULT]\nc: 1 ; x\n", "[INCLUDES]\nbefore = x.conf\n[a?b=c]\nd=%(a/b)s")
	f.Add("[INCLUDES]\nafter = y.conf\n  y.conf\n[s]\na=%(known/a)s", "[INCLUDES]\nafter = x.conf\n[s]\na=%%\n\n#\n ;\n=1\n[s]")
	f.Add("[s]\na=\nb=%(a)s%(a)s%(a)s\nc=%(b)s%(b)s%(b)s\nd=%(c)s%(c)s%(c)s", "\xff\xfe")
	f.Fuzz(func(t *testing.T, one, two string) {
		r := NewReader(files("x.conf", one, "x.d/y.conf", two, "y.conf", two), "/")
		set, _ := r.Read("x")
		for _, fault := range r.Faults() {
			if fault.Error() == "" || fault.File == "" {
				t.Errorf("%#v", fault)
			}
		}
		for _, section := range set.Sections() {
			for _, option := range set.Options(section) {
				v, ok, fault := set.Get(section, option, nil)
				if option != strings.ToLower(option) { // by a condition: fail2ban never finds it either
					continue
				}
				if !ok || fault == nil && v.Line(0) < 1 || fault != nil && fault.File == "" {
					t.Errorf("[%s] %s: %v %v %v", section, option, v, ok, fault)
				}
			}
		}
	})
}
