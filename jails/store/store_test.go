package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiff/jails/event"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func open1(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func address(s string) event.Subject { return event.Address(netip.MustParseAddr(s)) }

func ban(jail string, subject event.Subject, at time.Time, length time.Duration) event.Ban {
	b := event.Ban{Jail: jail, Subject: subject, At: at, Failures: 5,
		Lines: []string{"Failed password for \"root\"", "again"}, Fields: map[string]string{"user": "röot"}}
	if length > 0 {
		b.Until = at.Add(length)
	}
	return b
}

// subjects is whom the store holds for banned at a time, as JAIL/SUBJECT.
func subjects(t *testing.T, s *Store, now time.Time) []string {
	t.Helper()
	bans, err := s.Active(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, b := range bans {
		list = append(list, b.Jail+"/"+b.Subject.String())
	}
	return list
}

func save(t testing.TB, s *Store, bans ...event.Ban) {
	t.Helper()
	if err := s.Save(t.Context(), bans, nil); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	if err := s.db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBansAndMarksSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c%20#d.db") // nothing in a name is syntax
	want := []event.Ban{
		ban("sshd", address("192.0.2.1"), noon, time.Hour),
		ban("sshd", event.Network(netip.MustParsePrefix("2001:db8::/64")), noon, time.Hour),
		ban("web", event.ID("192.0.2.1"), noon.Add(time.Second), 0), // an id that looks like an address stays an id
	}
	s := open1(t, path)
	if err := s.Save(t.Context(), want, []Mark{{"journal", "s=1"}, {"/var/log/a", `{"offset":7}`}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), nil, []Mark{{"journal", "s=2"}}); err != nil {
		t.Fatal(err)
	}
	s.Close()

	s = open1(t, path)
	got, err := s.Active(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b event.Subject) bool { return a == b })); d != "" {
		t.Error(d)
	}
	marks, err := s.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"journal": "s=2", "/var/log/a": `{"offset":7}`}, marks); d != "" {
		t.Error(d)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("database is %v, %v: log lines must stay private", info.Mode(), err)
	}
}

func TestAForgottenMarkIsGoneUnlessItWasSavedAnew(t *testing.T) {
	s := open1(t, Memory)
	old := []Mark{{"a", "1"}, {"b", "1"}, {"c", "1"}}
	if err := s.Save(t.Context(), nil, append(old, Mark{"b", "2"})); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), old[:2]); err != nil {
		t.Fatal(err)
	}
	marks, err := s.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"b": "2", "c": "1"}, marks); d != "" {
		t.Error(d)
	}
}

func TestSavingTwiceIsOneBanAndTheLastCounts(t *testing.T) {
	s := open1(t, Memory)
	first := ban("sshd", address("192.0.2.1"), noon, time.Minute)
	save(t, s, first)
	save(t, s, first)
	if n := count(t, s, "SELECT count(*) FROM bans"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	save(t, s, ban("sshd", address("192.0.2.1"), noon.Add(2*time.Minute), time.Hour))
	if n := count(t, s, "SELECT count(*) FROM bans"); n != 2 {
		t.Errorf("%d rows, want the second ban and the history", n)
	}
	if d := cmp.Diff([]string{"sshd/192.0.2.1"}, subjects(t, s, noon)); d != "" {
		t.Error(d)
	}
}

func TestActiveEndsWithTheBan(t *testing.T) {
	s := open1(t, Memory)
	save(t, s, ban("sshd", address("192.0.2.1"), noon, time.Minute), ban("sshd", address("192.0.2.2"), noon, 0))
	for at, want := range map[time.Duration][]string{
		time.Minute - time.Microsecond: {"sshd/192.0.2.1", "sshd/192.0.2.2"},
		time.Minute:                    {"sshd/192.0.2.2"},
		100000 * time.Hour:             {"sshd/192.0.2.2"},
	} {
		if d := cmp.Diff(want, subjects(t, s, noon.Add(at))); d != "" {
			t.Errorf("after %v: %s", at, d)
		}
	}
}

func TestLiftEndsOnlyWhatItNames(t *testing.T) {
	s := open1(t, Memory)
	one, two := address("192.0.2.1"), address("192.0.2.2")
	save(t, s, ban("sshd", one, noon, 0), ban("sshd", two, noon, 0), ban("web", one, noon, 0))
	if err := s.Lift(t.Context(), "sshd", one, address("192.0.2.9")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"sshd/192.0.2.2", "web/192.0.2.1"}, subjects(t, s, noon)); d != "" {
		t.Error(d)
	}
	if n := count(t, s, "SELECT count(*) FROM bans WHERE lifted IS NOT NULL"); n != 1 {
		t.Errorf("%d lifted bans in the history, want 1", n)
	}
	save(t, s, ban("sshd", one, noon.Add(time.Second), time.Hour))
	if n := len(subjects(t, s, noon)); n != 3 {
		t.Errorf("%d bans after banning again, want 3", n)
	}
}

func TestPurgeForgetsWhatEnded(t *testing.T) {
	s := open1(t, Memory)
	now := time.Now()
	save(t, s, ban("sshd", address("192.0.2.1"), now.Add(-3*time.Hour), time.Hour), // ended two hours ago
		ban("sshd", address("192.0.2.2"), now.Add(-3*time.Hour), 5*time.Hour),
		ban("sshd", address("192.0.2.3"), now.Add(-3*time.Hour), 0),
		ban("sshd", address("192.0.2.4"), now.Add(-3*time.Hour), 0))
	if err := s.Lift(t.Context(), "sshd", address("192.0.2.4")); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		before time.Time
		want   int
	}{{now.Add(-2*time.Hour - 1), 4}, {now.Add(-time.Hour), 3}, {now.Add(time.Hour), 2}} {
		if err := s.Purge(t.Context(), step.before); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, "SELECT count(*) FROM bans"); n != step.want {
			t.Errorf("%d bans left, want %d", n, step.want)
		}
	}
	if n := count(t, s, "SELECT count(*) FROM latest"); n != 2 {
		t.Errorf("%d latest bans, want 2", n)
	}
}

// All batches of a long purge go, and what is saved between them stays.
func TestPurgeInBatches(t *testing.T) {
	s := open1(t, filepath.Join(t.TempDir(), "bailiff.db"))
	old := make([]event.Ban, 4*purgeBatch+7)
	for i := range old {
		old[i] = ban("sshd", event.Address(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})), noon, time.Minute)
	}
	save(t, s, old...)
	done := make(chan error)
	go func() { done <- s.Purge(t.Context(), noon.Add(time.Hour)) }()
	for range 5 {
		save(t, s, ban("sshd", address("192.0.2.1"), noon, 0))
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := count(t, s, "SELECT count(*) FROM bans"); n != 1 {
		t.Errorf("%d bans left, want 1", n)
	}
}

func TestSaveIsAllOrNothing(t *testing.T) {
	s := open1(t, Memory)
	if _, err := s.db.Exec("DROP TABLE marks"); err != nil {
		t.Fatal(err)
	}
	err := s.Save(t.Context(), []event.Ban{ban("sshd", address("192.0.2.1"), noon, 0)}, []Mark{{"journal", "x"}})
	if err == nil || !strings.HasPrefix(err.Error(), "save 1 bans and 1 marks: ") {
		t.Errorf("error is %v", err)
	}
	if list := subjects(t, s, noon); len(list) != 0 {
		t.Errorf("half a transaction: %v", list)
	}
}

func TestDamagedDatabaseIsMovedAside(t *testing.T) {
	for name, harm := range map[string]func(file []byte) []byte{
		"no database": func([]byte) []byte { return []byte(strings.Repeat("this is no database\n", 100)) },
		"zeroed page": func(file []byte) []byte { clear(file[4096:]); return file },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bailiff.db")
			s := open1(t, path)
			save(t, s, ban("sshd", address("192.0.2.1"), noon, 0))
			s.Close()
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, harm(file), 0o600); err != nil {
				t.Fatal(err)
			}

			s, err = Open(path)
			var damage *Damaged
			if !errors.As(err, &damage) || s == nil {
				t.Fatalf("opened %v with %v, want a store and *Damaged", s, err)
			}
			if _, err := os.Stat(damage.Aside); err != nil {
				t.Error(err)
			}
			save(t, s, ban("sshd", address("192.0.2.2"), noon, 0))
			s.Close()
			if d := cmp.Diff([]string{"sshd/192.0.2.2"}, subjects(t, open1(t, path), noon)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for path, want := range map[string]string{
		filepath.Join(dir, "missing", "bailiff.db"): "no such file or directory",
		dir:   "is a directory",
		newer: "schema 99 is newer",
	} {
		s, err := Open(path)
		if s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s) = %v, %v; want %q", path, s, err, want)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := open1(b, filepath.Join(b.TempDir(), "bailiff.db"))
			bans := make([]event.Ban, batch)
			n := uint32(0)
			for b.Loop() {
				for i := range bans {
					n++
					a := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
					bans[i] = ban("sshd", event.Address(a), noon.Add(time.Duration(n)*time.Microsecond), time.Hour)
				}
				save(b, s, bans...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "bans/s")
		})
	}
}

// TestNoFileIsMapped holds that no page of a file is this process's memory: writing to it would have Go's runtime wait for
// a disk that hangs, and all goroutines with it.
func TestNoFileIsMapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bailiff.db")
	for _, when := range []string{"a new store", "one that is there"} {
		s := open1(t, path)
		save(t, s, ban("sshd", address("192.0.2.1"), noon, 0))
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(maps)) {
			if strings.Contains(line, path) {
				t.Errorf("%s: %s", when, line)
			}
		}
		s.Close()
	}
}
