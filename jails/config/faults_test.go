package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the messages of testdata/faults anew")

// Every file of testdata/faults is one broken configuration: its files, which lie over those of base.txtar, and in
// "want" the exact message. Its first line tells whether fail2ban-client -d refuses it too, which fail2ban is asked.
func TestFaults(t *testing.T) {
	paths, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d broken configurations, %v", len(paths), err)
	}
	root := t.TempDir()
	dirs := make([]string, len(paths))
	for i, path := range paths {
		dirs[i] = filepath.Join(root, filepath.Base(path), "etc")
		unpack(t, "testdata/base.txtar", dirs[i])
		unpack(t, path, dirs[i])
	}
	streams := fail2ban(t, dirs)
	for i, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			checkFault(t, path, os.DirFS(filepath.Dir(dirs[i])), refused(streams[dirs[i]]))
		})
	}
}

func checkFault(t *testing.T, path string, fsys fs.FS, refuses bool) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := "fail2ban-client -d takes it\n"
	if refuses {
		header = "fail2ban-client -d refuses it\n"
	}
	_, err = Load(fsys, "/etc")
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("no faults: %v", err)
	}
	want := &archive.Files[len(archive.Files)-1]
	if want.Name != "want" {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		want = &archive.Files[len(archive.Files)-1]
	}
	if *update {
		archive.Comment, want.Data = []byte(header), []byte(faults.Error()+"\n")
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want.Data), faults.Error()+"\n"); diff != "" {
		t.Error(diff)
	}
	if header != string(archive.Comment) {
		t.Errorf("now %s", header)
	}
}

func unpack(t *testing.T, path, dir string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		to := filepath.Join(dir, f.Name)
		if f.Name == "want" {
			continue
		}
		// Bytes that an archive cannot hold are written \xNN.
		text := strings.NewReplacer(`\xff`, "\xff", `\r`, "\r", `\ufeff`, "\ufeff").Replace(string(f.Data))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}
