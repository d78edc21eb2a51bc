package filefollow

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// TestTorture has one log written and rotated in every way at random, while the process that follows it is killed and
// started again. That process keeps what it saw and the position in one transaction. In the end every line must have
// been seen exactly once. FILEFOLLOW_SOAK makes it longer, FILEFOLLOW_SEED repeats the writer's choices.
func TestTorture(t *testing.T) {
	span := 4 * time.Second
	if s := os.Getenv("FILEFOLLOW_SOAK"); s != "" {
		var err error
		if span, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	if s := os.Getenv("FILEFOLLOW_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("seed %d", seed)
	for _, kind := range []string{"numbered", "dated", "linked"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newTorturer(t, kind, seed)
			w.torture(span)
			w.check()
		})
	}
}

// A torturer writes, rotates and kills.
type torturer struct {
	t      *testing.T
	rand   *rand.Rand
	dir    string
	kind   string
	db     *sql.DB
	log    *os.File
	lines  int          // written so far
	window map[int]bool // lines written between a copy and its truncation
	files  int          // names used so far
	done   map[string]int
	child  *exec.Cmd
}

func newTorturer(t *testing.T, kind string, seed uint64) *torturer {
	w := &torturer{t: t, rand: rand.New(rand.NewPCG(seed, uint64(len(kind)))), dir: t.TempDir(), kind: kind,
		window: map[int]bool{}, done: map[string]int{}}
	var err error
	w.db, err = tortureDB(w.dir)
	w.must(err)
	t.Cleanup(func() { _ = w.db.Close() })
	w.reopen()
	w.start()
	t.Cleanup(w.kill)
	w.lines++
	_, err = fmt.Fprintln(w.log, w.lines)
	w.must(err)
	w.caughtUp() // what is rotated away before the first start is not looked for
	return w
}

func (w *torturer) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *torturer) path(name string) string { return filepath.Join(w.dir, name) }

func (w *torturer) start() {
	w.child = exec.Command(os.Args[0])
	w.child.Env = append(os.Environ(), "FILEFOLLOW_TORTURE="+w.dir)
	w.child.Stderr = os.Stderr
	w.must(w.child.Start())
}

func (w *torturer) kill() {
	if w.child != nil {
		_ = w.child.Process.Kill()
		_ = w.child.Wait()
	}
	w.child = nil
}

// reopen has the writer write into what is at the log's path, making it anew when nothing is.
func (w *torturer) reopen() {
	if w.log != nil {
		w.must(w.log.Close())
	}
	if w.kind == "linked" {
		w.files++
		name := fmt.Sprintf("log-20260101-%06d", w.files)
		w.must(os.WriteFile(w.path(name), nil, 0o600))
		w.must(os.Symlink(name, w.path("new")))
		w.must(os.Rename(w.path("new"), w.path("log")))
	}
	var err error
	w.log, err = os.OpenFile(w.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	w.must(err)
}

// write writes some lines, now and then in pieces.
func (w *torturer) write() {
	var b bytes.Buffer
	for range 1 + w.rand.IntN(200) {
		w.lines++
		fmt.Fprintf(&b, "%d %s\n", w.lines, bytes.Repeat([]byte("x"), w.rand.IntN(100)))
	}
	text := b.Bytes()
	if w.rand.IntN(3) == 0 {
		cut := w.rand.IntN(len(text))
		_, err := w.log.Write(text[:cut])
		w.must(err)
		if w.rand.IntN(2) == 0 && w.kind == "numbered" && w.exists() {
			w.shift()
		}
		text = text[cut:]
	}
	_, err := w.log.Write(text)
	w.must(err)
}

// exists tells whether there is a log at its path.
func (w *torturer) exists() bool {
	_, err := os.Stat(w.path("log"))
	return err == nil
}

// shift renames the log away; the writer goes on with the file it has.
func (w *torturer) shift() {
	w.done["rename"]++
	w.must(os.Rename(w.path("log"), w.next()))
}

// next is the name that the next rotated form gets: log.1, after the others have made room, or one with a date.
func (w *torturer) next() string {
	if w.kind == "dated" {
		w.files++
		return w.path(fmt.Sprintf("log-20260101-%06d", w.files))
	}
	last := 1
	for ; ; last++ {
		if _, err := os.Stat(w.path(fmt.Sprintf("log.%d", last))); err != nil {
			break
		}
	}
	for ; last > 1; last-- {
		w.must(os.Rename(w.path(fmt.Sprintf("log.%d", last-1)), w.path(fmt.Sprintf("log.%d", last))))
	}
	return w.path("log.1")
}

// rotate does one of the things that happen to logs.
func (w *torturer) rotate() {
	if !w.exists() {
		w.reopen()
	}
	if w.kind == "linked" {
		w.done["symlink_swap"]++
		if w.rand.IntN(20) == 0 {
			w.caughtUp()
			w.tidy()
		}
		w.reopen()
		return
	}
	switch w.rand.IntN(8) {
	case 0, 1, 2:
		w.shift()
		w.reopen()
	case 3:
		w.shift()
		w.write() // into the renamed file
		w.reopen()
	case 4, 5:
		w.copytruncate()
	case 6:
		w.caughtUp()
		w.done["delete"]++
		w.must(os.Remove(w.path("log")))
		w.reopen()
	case 7:
		w.caughtUp()
		w.done["truncate"]++
		w.must(os.Truncate(w.path("log"), 0))
		w.tidy()
	}
}

// copytruncate copies the log and truncates it, now and then with some lines in between: those may be lost.
func (w *torturer) copytruncate() {
	w.done["copytruncate"]++
	text, err := os.ReadFile(w.path("log"))
	w.must(err)
	w.must(os.WriteFile(w.next(), text, 0o600))
	if w.rand.IntN(2) == 0 {
		w.lines++
		w.window[w.lines] = true
		_, err := fmt.Fprintf(w.log, "%d in the window\n", w.lines)
		w.must(err)
	}
	w.must(os.Truncate(w.path("log"), 0))
}

// tidy removes old forms of the log, all of which have been read.
func (w *torturer) tidy() {
	for _, pattern := range []string{"log.*", "log-*"} {
		old, err := filepath.Glob(w.path(pattern))
		w.must(err)
		for _, path := range old {
			w.must(os.Remove(path))
		}
	}
}

// caughtUp waits until the follower has seen everything; it is not killed meanwhile.
func (w *torturer) caughtUp() {
	if w.child == nil {
		w.start()
	}
	if w.window[w.lines] {
		w.write()
	}
	tick, deadline := time.NewTicker(5*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for {
		var last sql.NullInt64
		w.must(w.db.QueryRow("SELECT max(n) FROM seen").Scan(&last))
		if int(last.Int64) == w.lines {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("%d of %d lines seen after 20 s", last.Int64, w.lines)
		}
	}
}

func (w *torturer) torture(span time.Duration) {
	pause := time.NewTicker(2 * time.Millisecond)
	defer pause.Stop()
	for end := time.Now().Add(span); time.Now().Before(end); {
		w.write()
		switch n := w.rand.IntN(20); {
		case n < 4:
			w.rotate()
		case n == 4:
			w.done["kill"]++
			w.kill()
		case w.child == nil && n < 10:
			w.start()
		}
		for range w.rand.IntN(5) {
			<-pause.C
		}
	}
	w.write()
	w.caughtUp()
	w.kill()
}

// check compares what was seen with what was written.
func (w *torturer) check() {
	seen := make([]int, w.lines+1)
	rows, err := w.db.Query("SELECT n FROM seen")
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var n int
		w.must(rows.Scan(&n))
		seen[n]++
	}
	w.must(rows.Err())
	wrong, lost := 0, 0
	for n := 1; n <= w.lines; n++ {
		switch {
		case w.window[n] && seen[n] == 0:
			lost++
		case seen[n] != 1:
			if wrong++; wrong <= 2 {
				w.t.Errorf("line %d was seen %d times%s", n, seen[n], w.story(n))
			}
		}
	}
	w.t.Logf("%d lines, %v; %d wrong; in the windows of copytruncate %d lines, %d of them lost",
		w.lines, w.done, wrong, len(w.window), lost)
}

// story tells which chunks a line came with, and those before them.
func (w *torturer) story(n int) (story string) {
	rows, err := w.db.Query(`SELECT DISTINCT c.id, c.process, c.value, (SELECT min(n) || '-' || max(n) FROM seen WHERE chunk = c.id)
		FROM chunk c, seen s WHERE s.n BETWEEN ?1-1 AND ?1+1 AND c.id BETWEEN s.chunk - 2 AND s.chunk ORDER BY c.id`, n)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var id, process int
		var value string
		var lines sql.NullString
		w.must(rows.Scan(&id, &process, &value, &lines))
		story += fmt.Sprintf("\n\tchunk %d process %d lines %s, then %s", id, process, lines.String, value)
	}
	return story
}

func tortureDB(dir string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "db")+
		"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS seen(n INTEGER, chunk INTEGER); CREATE INDEX IF NOT EXISTS seen_n ON seen(n);
		CREATE TABLE IF NOT EXISTS chunk(id INTEGER PRIMARY KEY, process INTEGER, value TEXT);
		CREATE TABLE IF NOT EXISTS position(path TEXT PRIMARY KEY, value TEXT)`)
	return db, err
}

// tortured is the process that follows and is killed.
func tortured(dir string) {
	db, err := tortureDB(dir)
	if err == nil {
		f := &Follower{
			Globs:  []Glob{{Pattern: filepath.Join(dir, "log")}},
			Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
			linger: time.Second,
			Positions: func(path string) (p Position, ok bool) {
				var value string
				if db.QueryRow("SELECT value FROM position WHERE path = ?", path).Scan(&value) != nil {
					return p, false
				}
				return p, json.Unmarshal([]byte(value), &p) == nil
			},
		}
		err = f.Run(context.Background(), func(c Chunk) error { return keep(db, c) })
	}
	fmt.Fprintln(os.Stderr, "tortured:", err)
	os.Exit(1)
}

// keep keeps the numbers of a chunk and its position in one transaction.
func keep(db *sql.DB, c Chunk) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	value, err := json.Marshal(c.End)
	if err != nil {
		return err
	}
	chunk, err := tx.Exec("INSERT INTO chunk(process, value) VALUES(?, ?)", os.Getpid(), string(value))
	if err != nil {
		return err
	}
	id, _ := chunk.LastInsertId()
	for line := range bytes.Lines(c.Text) {
		n, err := strconv.Atoi(string(line[:bytes.IndexAny(line, " \n")]))
		if err != nil {
			return fmt.Errorf("odd line %q", line)
		}
		if _, err := tx.Exec("INSERT INTO seen VALUES(?, ?)", n, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("REPLACE INTO position VALUES(?, ?)", c.Path, string(value)); err != nil {
		return err
	}
	return tx.Commit()
}
