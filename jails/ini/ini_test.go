package ini

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1]), Mode: 0o644}
	}
	return fsys
}

func TestDialect(t *testing.T) {
	const text = `# comment
[DEFAULT]
a : 1
B=%(a)s 2
[s]  trailing
regex =
    ^one
  # a comment within
    ^two ; not this
    ^three;this

    ^five = x
pct = 100%%
n = %(__name__)s
 indented = under n
`
	tests := map[string]string{
		"a": "1", "b": "1 2", "regex": "\n^one\n^two\n^three;this\n\n^five = x", "pct": "100%", "n": "s\nindented = under n",
	}
	set, ok := NewReader(files("etc/x.conf", text), "/etc").Read("x")
	if !ok {
		t.Fatal("no file read")
	}
	for option, want := range tests {
		v, ok, fault := set.Get("s", option, nil)
		if fault != nil || !ok || v.Text != want {
			t.Errorf("%s = %q, %v, %v, want %q", option, v.Text, ok, fault, want)
		}
	}
	v, _, _ := set.Get("s", "regex", nil)
	for n, want := range []int{6, 7, 9, 10, 11, 12} {
		if got := v.Line(n); got != want {
			t.Errorf("line %d of regex is %d, want %d", n, got, want)
		}
	}
}

func TestReadOrder(t *testing.T) {
	fsys := files(
		"e/jail.conf", "[INCLUDES]\nbefore = b.conf\nafter = /abs/a.conf\n[s]\nx = %(x0)s jail.conf\n",
		"e/b.conf", "[DEFAULT]\nx0 = b\n[s]\nx = b.conf\n",
		"e/b.local", "[DEFAULT]\nx0 = b.local\n",
		"abs/a.conf", "[s]\nx = %(known/x)s a.conf\n",
		"e/jail.d/2.conf", "[s]\ny = 2.conf\n",
		"e/jail.d/1.conf", "[s]\ny = 1.conf\n",
		"e/jail.d/1.local", "[s]\ny = %(known/y)s 1.local\n",
		"e/jail.local", "[s]\ny = jail.local\n",
	)
	r := NewReader(fsys, "/e")
	set, _ := r.Read("jail")
	var order []string
	for _, src := range set.Files {
		order = append(order, src.Path)
	}
	want := "/e/b.conf /e/b.local /e/jail.conf /abs/a.conf /e/jail.d/1.conf /e/jail.d/2.conf /e/jail.local /e/jail.d/1.local"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order\n%s, want\n%s", got, want)
	}
	for option, want := range map[string]string{"x": "b.local jail.conf a.conf", "y": "jail.local 1.local"} {
		if v, _, fault := set.Get("s", option, nil); v.Text != want || fault != nil {
			t.Errorf("%s = %q (%v), want %q", option, v.Text, fault, want)
		}
	}
	if len(r.Faults()) > 0 {
		t.Error(r.Faults())
	}
}

func TestConditionalSection(t *testing.T) {
	set, _ := NewReader(files("x.conf", "[Init]\na=1\n[Init?family=inet6]\na=2\n"), ".").Read("x")
	if got := strings.Join(set.Options("Init"), " "); got != "a a?family=inet6" {
		t.Error(got)
	}
}

// A sealed file system refuses to open one file.
type sealed struct {
	fstest.MapFS
	path string
}

func (s sealed) Open(name string) (fs.File, error) {
	if name == s.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.Open(name)
}

func TestUnreadableFile(t *testing.T) {
	fsys := sealed{files("etc/x.conf", "[INCLUDES]\nbefore = y.conf\n[a]\nb = 1\n", "etc/y.conf", "[a]\nb = 2\n"), "etc/y.conf"}
	r := NewReader(fsys, "/etc")
	if set, ok := r.Read("x"); !ok || len(set.Sections()) != 2 {
		t.Error("the readable file was not read")
	}
	faults := r.Faults()
	if len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), "/etc/y.conf: read the file: permission denied\n    included from /etc/x.conf") {
		t.Error(faults)
	}
}

func TestIncludesThatLeadBack(t *testing.T) {
	fsys := files("a.conf", "[INCLUDES]\nbefore = b.conf\n  a.conf\n[x]\nv = a\n", "b.conf", "[INCLUDES]\nafter = a.conf\n[x]\nv = b\n")
	r := NewReader(fsys, ".")
	set, _ := r.Read("a")
	if v, _, _ := set.Get("x", "v", nil); v.Text != "a" || len(set.Files) > 5 || len(r.Faults()) > 0 {
		t.Errorf("%q of %d files, %v", v.Text, len(set.Files), r.Faults())
	}
}

func TestLimits(t *testing.T) {
	long := "[s]\n" + strings.Repeat("x", maxFileSize)
	many := "[s]\n" + strings.Repeat("#", 10) + "\n"
	for i := range maxOptions + 10 {
		many += fmt.Sprintf("o%d = 1\n", i)
	}
	billion := "[s]\na0 = lollollollollollollollol\n"
	for i := range 9 {
		billion += fmt.Sprintf("a%d = %s\n", i+1, strings.Repeat(fmt.Sprintf("%%(a%d)s", i), 20))
	}
	var sections strings.Builder
	for i := range maxSections + 10 {
		fmt.Fprintf(&sections, "[%d]\n", i)
	}
	r := NewReader(files("long.conf", long, "many.conf", many, "sections.conf", sections.String(), "billion.conf", billion), "/")
	r.Read("long")
	r.Read("many")
	r.Read("sections")
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Error())
	}
	want := "/long.conf: the file is larger than 4194304 bytes | /many.conf:5003: [s] o5000: the section has more than 5000 options | " +
		"/sections.conf:5001: the file has more than 5000 sections"
	if strings.Join(got, " | ") != want {
		t.Error(strings.Join(got, " | "))
	}
	set, _ := r.Read("billion")
	if _, _, fault := set.Get("s", "a9", nil); fault == nil || !strings.Contains(fault.Message, "grows too large") {
		t.Error(fault)
	}
}
