// Package filefollow follows log files without losing or repeating a line.
//
// A Follower makes each path look like one endless source of lines, whatever happens to the file behind it: it is
// renamed and made anew, copied and truncated, deleted, swapped by a symbolic link, or it appears only later. What it
// hands out are chunks of complete lines, each with the Position right after it. Whoever saves that position together
// with the effects of the text, and gives it back at the next start, sees every complete line exactly once.
//
// Rotated files are found again by device, inode and content, in the log's own directory or the one its links lead to.
// Which of them came after which is told by their names (log.1, log-20261122, log-20261122.ext), or where the file that
// was read last is gone, by their times. A rotated or deleted file is read for a minute after it last grew.
//
// What it cannot do: lines that copytruncate's tool itself drops between its copy and its truncation are gone, and so
// is what was deleted, compressed or moved to another directory while nobody followed. A last line without a line end
// is held back until it is complete. A file that was renamed from one followed name to another while nobody followed is
// read from its start, unless the new name is the old one with a number or date.
package filefollow

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// A Follower follows all files that its globs match. Its fields are settings: set them before Run and leave them alone
// while it runs.
type Follower struct {
	Globs    []Glob
	Encoding string // of all its files: a name as in logencoding; "" and "auto" are UTF-8

	// Positions gives the position that was saved for a path, if one was. Nil means none was ever saved.
	Positions func(path string) (Position, bool)

	// Idle is called by Run's goroutine at least once a second, also between the chunks of a long text. It is not called
	// while yield runs. Nil means nobody wants to know.
	Idle func()

	// CaughtUp is called by Run's goroutine whenever all that is there has been handed out, before it waits. Nil means
	// nobody wants to know.
	CaughtUp func()

	Log      *slog.Logger // nil: slog.Default
	Counters *Counters    // nil: nothing is counted

	// PollInterval is how often every file is looked at without having been told to. Zero means one second. With very
	// many files it grows, so that looking takes about half a percent of a core at most. FIFOs are looked at ten times a
	// second, for writing into them makes no inotify event.
	PollInterval time.Duration

	// Polling leaves inotify alone, as backend = polling asks for.
	Polling bool

	linger time.Duration // instead of the usual, for tests
}

// A Glob names files to follow. Its pattern is read as Python's glob reads it: *, ? and [...] stand for parts of a name,
// none of them for a slash, and a leading dot must be written. Names that end like a compressed file's are left out, and
// so are the rotated forms (log.1, log-20261122) of a log that is followed, unless the pattern names them literally.
type Glob struct {
	Pattern string

	// Tail skips what stands in a file that is there when Run begins and has no saved position.
	Tail bool

	// Since skips, in a file that is there when Run begins, the lines before the first one that Date finds to be as
	// young. With a saved position the text from Since up to it is handed out once more, marked as Seen. Zero, or no
	// Date, means that nothing is skipped and nothing handed out again.
	Since time.Time

	// Date finds the date of a line (without its line end). It is called on Run's goroutine and must not keep the line.
	Date func(line []byte) (time.Time, bool)
}

// A Chunk is some text of one file, in order. It is valid until the function it was handed to returns.
type Chunk struct {
	Path string // as the glob has it, made absolute; also for the rest of a file that was renamed

	// Text is complete lines in UTF-8, each ended by one '\n' without '\r' before it. It holds what was read at once, at
	// most 256 KiB of the file. It is empty when a file was found and reading begins at End.
	Text []byte

	// Begin is where in its file Text begins, in bytes; below 0 for a FIFO.
	Begin int64

	// Globs are the indexes of those Follower.Globs that the text is for: all that match Path, without those that skip
	// this text by Tail or Since.
	Globs []int

	// End is the position right after Text, to be saved once the effects of Text are durable. It stays good when the
	// chunk is gone.
	End Position

	// Live tells that the end of the file had been reached before Text was read. It stays true through rotations.
	Live bool

	// Seen tells that Text lies before the position that was saved: it had its effects before the restart.
	Seen bool
}

// Counters count what Followers and Readers do. They may be read at any time.
type Counters struct {
	Lines       atomic.Int64 // lines handed out
	Bytes       atomic.Int64 // bytes of the files that those lines were
	CutLines    atomic.Int64 // lines longer than 64 KiB
	BadBytes    atomic.Int64 // invalid sequences replaced by U+FFFD
	Rotations   atomic.Int64 // files that gave way to another one under their path
	Truncations atomic.Int64 // files that were cut or written anew in place
	Errors      atomic.Int64 // files that could not be opened or read; a lasting fault counts once
	Files       atomic.Int64 // files open now
}

// Run follows the files until ctx is done, then returns nil, or until yield returns an error, then returns that. It
// fails at once when the encoding is unknown or a pattern empty; trouble with files is logged and retried for ever.
//
// All calls of yield, Idle, Positions and Date come from the goroutine that called Run. A chunk whose yield returned
// nil counts as handed out. Run keeps each followed file open; with what it remembers of it that is about 1.5 KB.
func (f *Follower) Run(ctx context.Context, yield func(Chunk) error) error {
	r, err := newRun(f, yield)
	if err != nil {
		return err
	}
	defer r.close()
	return r.loop(ctx)
}
