package filefollow

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestRestart is what happens to a log between two runs.
func TestRestart(t *testing.T) {
	before := func(f *tail) {
		f.write("log", "a b ")
		f.begin().want("a b")
		f.end()
	}
	try(t, []behaviour{
		{"restart_from_position", func(f *tail) {
			f.write("log", "a b")
			f.begin().want("a")
			f.end()
			f.write("log", " c ")
			f.begin().want("b c")
		}},
		{"rename", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.rename("log", "log.1")
			f.write("log", "d ")
			f.begin().want("c d")
		}},
		{"rename_several_times", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.rename("log", "log.3")
			f.write("log.2", "d ")
			f.write("log.1", "e ")
			f.write("log", "g ")
			f.write("log.4", "older ")
			f.begin().want("c d e g")
		}},
		{"rename_by_date_inside_the_name", func(f *tail) {
			f.Globs[0].Pattern = f.path("app.log")
			f.write("app.log", "a ")
			f.begin().want("a")
			f.end()
			f.write("app.log", "b ")
			f.rename("app.log", "app-20261121.log")
			f.write("app-20261122.log", "c ")
			f.write("app-20261120.log", "older ")
			f.write("app.log", "d ")
			f.begin().want("b c d")
		}},
		{"rename_to_any_name", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.rename("log", "kept by hand")
			f.write("log", "d ")
			f.begin().want("c d")
		}},
		{"rename_and_nothing_new", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.rename("log", "log.1")
			f.begin().want("c")
			f.write("log", "d ")
			f.want("d")
		}},
		{"copytruncate", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "d ")
			f.begin().want("c d")
		}},
		{"copytruncate_and_a_line_in_its_window", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log", "log.2")
			long := strings.Repeat("x ", 600)
			f.write("log", long)
			f.want(long)
			f.copy("log", "log.1")
			f.write("log", "window ")
			f.want("window")
			f.end()
			f.truncate("log")
			f.write("log", "c ")
			f.rename("log.2", "log.3")
			f.rename("log.1", "log.2")
			f.rename("log", "log.1")
			f.write("log", "d ")
			f.begin().want("c d")
		}},
		{"copytruncate_twice", func(f *tail) {
			before(f)
			f.write("log", "c ")
			f.copy("log", "log.2")
			f.truncate("log")
			f.write("log", "d ")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "e ")
			f.begin().want("c d e")
		}},
		{"delete", func(f *tail) {
			before(f)
			f.remove("log")
			f.write("log", "c ")
			f.begin().want("c")
		}},
		{"compress", func(f *tail) {
			before(f)
			f.rename("log", "log.1.gz")
			f.do(os.WriteFile(f.path("log.1.gz"), []byte("not what was read"), 0o600))
			f.write("log", "c d e ")
			f.begin().want("c d e")
		}},
		{"inode_reuse", func(f *tail) {
			before(f)
			f.remove("log")
			f.write("log", "c d e ")
			p := f.positions[f.path("log")]
			st, err := stat(f.path("log"))
			f.do(err)
			p.Inode = st.Ino
			f.positions[f.path("log")] = p
			f.begin().want("c d e")
		}},
		{"device_renumbered", func(f *tail) {
			before(f)
			p := f.positions[f.path("log")]
			p.Device++
			f.positions[f.path("log")] = p
			f.write("log", "c ")
			f.begin().want("c")
		}},
		{"lose_its_end", func(f *tail) {
			f.write("log", strings.Repeat("x ", 600))
			before := strings.Repeat("x ", 600)
			f.begin().want(before)
			f.end()
			f.do(os.Truncate(f.path("log"), 1101))
			f.begin()
			f.write("log", "y ")
			f.want("xy")
		}},
		{"late_writer", func(f *tail) {
			before(f)
			f.begin()
			f.rename("log", "log.1")
			f.write("log", "c ")
			f.want("c")
			f.end()
			f.write("log.1", "d ")
			f.write("log", "e ")
			f.begin().want("d e")
			f.write("log.1", "f ")
			f.want("f")
		}},
		{"rename_to_a_name_that_the_glob_matches", func(f *tail) {
			f.Globs[0].Pattern = f.path("log*")
			before(f)
			f.rename("log", "log.1")
			f.write("log.1", "c ")
			f.begin().want("c")
			f.write("log", "d ")
			f.want("d")
		}},
	})
}

// TestPositionIsKept tells that a position survives being kept as JSON, and names the whole of a log's files.
func TestPositionIsKept(t *testing.T) {
	mark := Mark{Device: 1 << 63, Inode: 1<<64 - 1, Offset: 1 << 62, Head: 1<<64 - 3, Tail: 5, Time: 1}
	for _, p := range []Position{{}, {Mark: mark}, {Mark: mark, Older: []Mark{mark, {}}}} {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Position
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(p, back) {
			t.Errorf("%s came back as %+v, %v", b, back, err)
		}
	}
}

// stamps dates lines like "@17 text" by their seconds.
func stamps(line []byte) (time.Time, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.SplitN(string(line), "_", 2)[0], "@"))
	return time.Unix(int64(n), 0), err == nil && line[0] == '@'
}

func since(seconds int) Glob { return Glob{Since: time.Unix(int64(seconds), 0), Date: stamps} }

// TestStart is where reading begins.
func TestStart(t *testing.T) {
	try(t, []behaviour{
		{"head", func(f *tail) {
			f.write("log", "a b")
			f.begin().want("a")
			f.write("log", " ")
			f.want("b")
		}},
		{"tail", func(f *tail) {
			f.Globs[0].Tail = true
			f.write("log", "a b")
			f.begin().write("log", "c d ")
			f.want("bc d")
		}},
		{"tail_of_a_file_that_appears_later", func(f *tail) {
			f.Globs[0].Tail = true
			f.begin().write("log", "a ")
			f.want("a")
		}},
		{"tail_and_restart", func(f *tail) {
			f.Globs[0].Tail = true
			f.write("log", "a ")
			f.begin()
			f.end()
			f.write("log", "b ")
			f.begin().want("b")
		}},
		{"tail_and_head", func(f *tail) {
			f.Globs = append(f.Globs, Glob{Pattern: f.path("log"), Tail: true})
			f.write("log", "a b ")
			f.begin().write("log", "c ")
			f.want("a b c")
			for _, c := range f.chunks {
				want := []int{0}
				if string(c.Text) == "c\n" || len(c.Text) == 0 && c.End.Offset == 4 {
					want = []int{0, 1}
				}
				if !slices.Equal(c.Globs, want) {
					f.t.Errorf("%q is for %v, want %v", c.Text, c.Globs, want)
				}
			}
		}},
		{"findtime", func(f *tail) {
			path := f.Globs[0].Pattern
			f.Globs[0] = since(2)
			f.Globs[0].Pattern = path
			f.write("log", "@0_a @1_b undated @2_c @1_late @3_d ")
			f.begin().want("@2_c @1_late @3_d")
		}},
		{"findtime_and_all_is_older", func(f *tail) {
			path := f.Globs[0].Pattern
			f.Globs[0] = since(9)
			f.Globs[0].Pattern = path
			f.write("log", "@0_a @1_b ")
			f.begin().write("log", "@9_c ")
			f.want("@9_c")
		}},
		{"look_back_at_what_was_seen", func(f *tail) {
			path := f.Globs[0].Pattern
			f.write("log", "@0_a @1_b @2_c ")
			f.begin().want("@0_a @1_b @2_c")
			f.end()
			f.Globs[0] = since(1)
			f.Globs[0].Pattern = path
			f.write("log", "@3_d ")
			f.chunks = nil
			f.begin().want("@1_b @2_c @3_d")
			for _, c := range f.chunks {
				if want := string(c.Text) != "@3_d\n"; c.Seen != want {
					f.t.Errorf("%q is seen: %v", c.Text, c.Seen)
				}
				if c.Seen && c.End.Offset != 15 {
					f.t.Errorf("%q ends at %d, want the position that was saved", c.Text, c.End.Offset)
				}
			}
		}},
		{"live", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.write("log", "b ")
			f.want("b")
			f.rename("log", "log.1")
			f.write("log", "c ")
			f.want("c")
			for _, c := range f.chunks {
				if want := c.Text != nil && string(c.Text) != "a\n" && len(c.Text) > 0; c.Live != want {
					f.t.Errorf("%q is live: %v", c.Text, c.Live)
				}
			}
		}},
	})
}

// TestSeek tells that halving finds the same line as reading from the beginning does.
func TestSeek(t *testing.T) {
	f := newTail(t, "log")
	var b strings.Builder
	var starts []int
	for i := range 20000 {
		starts = append(starts, b.Len())
		fmt.Fprintf(&b, "@%d_%s\n", i/7, strings.Repeat("x", i%50))
		if i%5 == 0 {
			b.WriteString("no date here\n")
		}
	}
	f.do(os.WriteFile(f.path("log"), []byte(b.String()), 0o600))
	r, err := newRun(&f.Follower, nil)
	f.do(err)
	defer r.close()
	file, err := openFile(f.path("log"))
	f.do(err)
	defer func() { _ = unix.Close(file.fd) }()
	for i := 0; i < 20000; i += 7 * 37 {
		if got := r.seek(file, since(i/7)); got != int64(starts[i]) {
			t.Fatalf("seek(%d) = %d, want %d", i/7, got, starts[i])
		}
	}
	if got := r.seek(file, since(1e6)); got != int64(b.Len()) {
		t.Errorf("seek past all = %d, want %d", got, b.Len())
	}
}
