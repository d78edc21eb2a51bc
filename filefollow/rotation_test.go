package filefollow

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestLog is what happens to a log while it is followed.
func TestLog(t *testing.T) {
	try(t, []behaviour{
		{"append", func(f *tail) {
			f.write("log", "a b ")
			f.begin().want("a b")
			f.write("log", "c d ")
			f.want("c d")
		}},
		{"partial_line", func(f *tail) {
			f.begin().write("log", "a b")
			f.want("a")
			f.write("log", "c d")
			f.want("bc")
			f.write("log", " ")
			f.want("d")
		}},
		{"appear_later", func(f *tail) {
			f.begin().write("log", "a ")
			f.want("a")
		}},
		{"rename", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log", "log.1")
			f.write("log", "b ")
			f.want("b")
			f.rename("log", "log.1")
			f.write("log", "c ")
			f.want("c")
		}},
		{"rename_and_late_writer", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log", "log.1")
			f.write("log.1", "b ")
			f.want("b")
			f.write("log", "c ")
			f.want("c")
			f.write("log.1", "d ")
			f.want("d")
			f.write("log", "e ")
			f.want("e")
		}},
		{"rename_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.write("log", "b c")
			f.rename("log", "log.1")
			f.write("log.1", "d ")
			f.write("log", "e ")
			release()
			f.want("a b cd e")
		}},
		{"rename_twice_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			for _, line := range []string{"b ", "c ", "d "} {
				if _, err := os.Stat(f.path("log.2")); err == nil {
					f.rename("log.2", "log.3")
				}
				if _, err := os.Stat(f.path("log.1")); err == nil {
					f.rename("log.1", "log.2")
				}
				f.rename("log", "log.1")
				f.write("log", line)
			}
			release()
			f.want("a b c d")
		}},
		{"rename_by_date_while_behind", func(f *tail) {
			f.write("log-20260101", "old ")
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.rename("log", "log-20261120")
			f.write("log", "b ")
			f.rename("log", "log-20261121")
			f.write("log", "c ")
			release()
			f.want("a b c")
		}},
		{"rename_back", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log", "log.1")
			f.write("log", "b ")
			f.want("b")
			f.rename("log.1", "log")
			f.write("log", "c ")
			f.want("c")
		}},
		{"copytruncate", func(f *tail) {
			f.write("log", "a b ")
			f.begin().want("a b")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "c ")
			f.want("c")
		}},
		{"copytruncate_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.write("log", "b c ")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "d ")
			release()
			f.want("a b c d")
		}},
		{"copytruncate_twice_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.write("log", "b ")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "c ")
			f.rename("log.1", "log.2")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "d ")
			release()
			f.want("a b c d")
		}},
		{"copytruncate_and_quiet_for_long", func(f *tail) {
			f.linger, f.PollInterval = 50*time.Millisecond, 20*time.Millisecond
			f.write("log", "a b ")
			f.begin().want("a b")
			f.copy("log", "log.1")
			f.truncate("log")
			f.until("copy found", func() bool { return f.Counters.Truncations.Load() == 1 })
			f.until("copy let go", func() bool { return f.Counters.Files.Load() == 1 })
			f.write("log", "c ")
			f.want("c")
			f.end()
			f.write("log", "d ")
			f.begin().want("d")
		}},
		{"copytruncate_in_the_making", func(f *tail) {
			f.emptyCopy("b ")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "c ")
			f.want("c")
		}},
		{"copytruncate_in_the_making_and_a_line_in_its_window", func(f *tail) {
			f.emptyCopy("b ")
			release := f.hold(func() { f.write("log", "window ") })
			f.write("log.1", "b ")
			f.truncate("log")
			f.write("log", "c ")
			release()
			f.want("window c")
		}},
		{"copytruncate_in_the_making_and_rename", func(f *tail) {
			release := f.emptyCopy("b ").hold(func() { f.write("log", "c ") })
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "d ")
			f.rename("log.2", "log.3")
			f.rename("log.1", "log.2")
			f.rename("log", "log.1")
			f.write("log", "e ")
			release()
			f.want("c d e")
		}},
		{"copytruncate_read_before_its_copy_has_a_size", func(f *tail) {
			text, err := os.ReadFile("/proc/version") // a regular file of size 0 with text in it
			f.do(err)
			f.emptyCopyAs(string(text), func() { f.do(os.Symlink("/proc/version", f.path("log.1"))) })
			f.write("log", "c ")
			f.want("c")
			f.truncate("log")
			f.write("log", "d ")
			f.want("d")
		}},
		{"copytruncate_and_a_line_in_its_window", func(f *tail) {
			long := strings.Repeat("x ", 600)
			f.write("log", long)
			f.begin().want(long)
			f.copy("log", "log.1")
			f.write("log", "window ")
			f.want("window")
			f.do(os.Chtimes(f.path("log.1"), time.Time{}, time.Now().Add(time.Second))) // it took longer than the line
			f.truncate("log")
			f.write("log", "c ")
			f.want("c")
		}},
		{"rename_empty_and_late_writer", func(f *tail) {
			f.emptyCopy("b ")
			f.write("log.1", "late ")
			f.want("late")
			f.write("log", "c ")
			f.want("c")
		}},
		{"truncate_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a b c ") })
			f.truncate("log")
			f.write("log", "d ")
			release()
			f.want("a b c d")
		}},
		{"truncate_and_grow_past_us", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.truncate("log")
			f.write("log", "b c d e ")
			release()
			f.want("a b c d e")
		}},
		{"truncate_and_have_the_same_end_there", func(f *tail) {
			end := strings.Repeat("x", 70) + " "
			release := f.begin().hold(func() { f.write("log", "a"+end) })
			f.truncate("log")
			f.write("log", "b"+end+"c ")
			release()
			f.want("a" + end + "b" + end + "c")
		}},
		{"truncate_to_the_same_size", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a b ") })
			f.truncate("log")
			f.write("log", "c d ")
			release()
			f.want("a b c d")
		}},
		{"lose_its_end", func(f *tail) {
			f.write("log", strings.Repeat("x ", 600))
			f.write("log", "a b ")
			f.begin().want(strings.Repeat("x ", 600) + "a b")
			f.do(os.Truncate(f.path("log"), 1200))
			f.until("cut noticed", func() bool { return f.Counters.Truncations.Load() == 1 })
			f.write("log", "c ")
			f.want("c")
		}},
		{"delete", func(f *tail) {
			f.write("log", "a ")
			f.begin().want("a")
			f.remove("log")
			f.write("log", "b ")
			f.want("b")
		}},
		{"delete_while_behind", func(f *tail) {
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.write("log", "b ")
			f.remove("log")
			f.write("log", "c ")
			release()
			f.want("a b c")
		}},
		{"symlink_swap", func(f *tail) {
			f.do(os.Mkdir(f.path("data"), 0o700))
			f.write("data/one", "a ")
			f.link("data/one", "log")
			f.begin().want("a")
			f.write("data/one", "b ")
			f.want("b")
			f.write("data/two", "c ")
			f.link("data/two", "log")
			f.want("c")
			f.write("data/one", "d ")
			f.want("d")
			f.write("data/two", "e ")
			f.want("e")
		}},
		{"compress", func(f *tail) {
			f.Globs[0].Pattern += "*"
			release := f.begin().hold(func() { f.write("log", "a ") })
			f.write("log", "b ")
			f.rename("log", "log.1")
			f.write("log.1.gz", "compressed ")
			f.remove("log.1")
			f.write("log", "c ")
			release()
			f.want("a b c")
			f.write("log.1.gz", "compressed ")
			f.write("log", "d ")
			f.want("d")
		}},
		{"edit", func(f *tail) {
			f.write("log", "a b ")
			f.begin().want("a b")
			f.copy("log", "edited")
			f.write("edited", "c ")
			f.rename("edited", "log")
			f.want("c")
		}},
	})
}

// emptyCopy has a log rotated, written to and copied so far that its copy is made and still empty, all while the Follower
// is behind. It has read the text then.
func (f *tail) emptyCopy(text string) *tail {
	f.t.Helper()
	f.emptyCopyAs(text, func() { f.write("log.1", "") })
	return f
}

func (f *tail) emptyCopyAs(text string, empty func()) {
	f.t.Helper()
	release := f.begin().hold(func() { f.write("log", "a ") })
	f.rename("log", "log.2")
	f.do(os.WriteFile(f.path("log"), []byte(strings.ReplaceAll(text, " ", "\n")), 0o600))
	empty()
	release()
	f.want("a " + text)
}

// TestNames is what happens when paths appear, vanish and change among files that globs match.
func TestNames(t *testing.T) {
	try(t, []behaviour{
		{"glob_new_file", func(f *tail) {
			f.Globs[0].Pattern = f.path("*.log")
			f.begin().write("one.log", "a ")
			f.want("a")
			f.write("two.log", "b ")
			f.want("b")
			f.write(".hidden.log", "x ")
			f.write("one.log", "c ")
			f.want("c")
		}},
		{"directory_appears", func(f *tail) {
			f.Globs[0].Pattern = f.path("www/*/logs/access.log")
			f.begin()
			f.do(os.MkdirAll(f.path("www/site/logs"), 0o700))
			f.write("www/site/logs/access.log", "a ")
			f.want("a")
			f.do(os.MkdirAll(f.path("www/other/logs"), 0o700))
			f.write("www/other/logs/access.log", "b ")
			f.want("b")
		}},
		{"directory_replaced", func(f *tail) {
			f.Globs[0].Pattern = f.path("dir/log")
			f.do(os.Mkdir(f.path("dir"), 0o700))
			f.write("dir/log", "a ")
			f.begin().want("a")
			f.rename("dir", "gone")
			f.do(os.Mkdir(f.path("dir"), 0o700))
			f.write("dir/log", "b ")
			f.want("b")
			f.write("dir/log", "c ")
			f.want("c")
		}},
		{"date_named", func(f *tail) {
			f.Globs[0].Pattern = f.path("app-*.log")
			f.write("app-20261121.log", "a ")
			f.begin().want("a")
			f.write("app-20261122.log", "b ")
			f.want("b")
			f.write("app-20261121.log", "c ")
			f.want("c")
		}},
		{"date_named_with_link", func(f *tail) {
			f.Globs[0].Pattern = f.path("app*.log")
			f.write("app-20261121.log", "a ")
			f.link("app-20261121.log", "app.log")
			f.begin().want("a")
			f.write("app-20261121.log", "b ")
			f.want("b")
			f.write("app-20261122.log", "c ")
			f.link("app-20261122.log", "app.log")
			f.want("c")
			f.write("app-20261121.log", "d ")
			f.want("d")
			f.write("app-20261122.log", "e ")
			f.want("e")
		}},
		{"rotated_forms_match_the_glob", func(f *tail) {
			f.Globs[0].Pattern = f.path("log*")
			f.write("log.1", "old ")
			f.write("log", "a ")
			f.begin().want("a")
			f.rename("log.1", "log.2")
			f.rename("log", "log.1")
			f.write("log", "b ")
			f.want("b")
			f.rename("log.2", "log.3")
			f.rename("log.1", "log.2")
			f.copy("log", "log.1")
			f.truncate("log")
			f.write("log", "c ")
			f.want("c")
		}},
		{"rename_to_a_followed_name", func(f *tail) {
			f.Globs[0].Pattern = f.path("*.log")
			f.write("a.log", "a ")
			f.begin().want("a")
			f.rename("a.log", "b.log")
			f.write("b.log", "b ")
			f.want("b")
			f.write("a.log", "c ")
			f.want("c")
			f.write("b.log", "d ")
			f.want("d")
		}},
		{"two_names", func(f *tail) {
			f.Globs = append(f.Globs, Glob{Pattern: f.path("other")})
			f.write("log", "a ")
			f.do(os.Link(f.path("log"), f.path("other")))
			f.begin().want("a")
			f.write("other", "b ")
			f.want("b")
			if got := f.chunks[len(f.chunks)-1].Globs; len(got) != 2 {
				t.Errorf("text of both globs is for %v", got)
			}
			f.remove("other")
			f.write("other", "c ")
			f.want("c")
			f.write("log", "d ")
			f.want("d")
		}},
	})
}
