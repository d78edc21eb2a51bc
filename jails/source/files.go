package source

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"bailiff/filefollow"
	"bailiff/jails/event"
)

// A Path is one glob that a jail follows.
type Path struct {
	Jail string
	filefollow.Glob
}

// Files reads log files for all the jails that follow them.
type Files struct {
	Paths    []Path
	Encoding string // logencoding of all of them
	Polling  bool   // without inotify
	Marks    Marks  // under "file:", Key and the path
	Key      string // parts readers that read the same file in different ways; where it has no mark, that without serves
	Counters *filefollow.Counters
	Log      *slog.Logger
	Beat     func() // called at least once a second while reading goes on
	Caught   func() // called whenever all that is there has been judged; nil: nobody wants to know

	unsaved map[string]unsaved // by path, what was read since its mark was saved
	saved   time.Time

	rewrites map[string]*rewrites // by path
}

// An unsaved is a mark to be saved once judged is closed; nil: it is.
type unsaved struct {
	mark
	judged <-chan struct{}
}

// Run follows the files until ctx ends. Lines before a saved position are read again for the jails that ask for it.
func (f *Files) Run(ctx context.Context, see See) error {
	f.unsaved, f.rewrites = map[string]unsaved{}, map[string]*rewrites{}
	follower := filefollow.Follower{
		Encoding: f.Encoding, Polling: f.Polling, Counters: f.Counters, Log: f.Log,
		Positions: f.position, CaughtUp: f.Caught,
	}
	for _, p := range f.Paths {
		follower.Globs = append(follower.Globs, p.Glob)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	follower.Idle = func() {
		if err := f.save(ctx, false); err != nil {
			cancel(err)
		}
		f.Beat()
	}
	err := follower.Run(ctx, func(c filefollow.Chunk) error { return f.take(ctx, c, see) })
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return errors.Join(err, f.save(context.WithoutCancel(ctx), true))
}

func (f *Files) position(path string) (p filefollow.Position, ok bool) {
	m := f.mark(path)
	ok = m.Position != nil && json.Unmarshal(m.Position, &p) == nil
	return p, ok
}

func (f *Files) key(path string) string { return "file:" + f.Key + path }

func (f *Files) mark(path string) mark {
	if m := loadMark(f.Marks, f.key(path), f.Log); !m.empty() {
		return m
	}
	return loadMark(f.Marks, "file:"+path, f.Log)
}

// take has a chunk judged and remembers where it ends.
func (f *Files) take(ctx context.Context, c filefollow.Chunk, see See) error {
	text := f.fresh(&c)
	block := event.Block{Origin: c.Path, Text: text, Jails: f.jails(c.Globs), Live: c.Live, Past: c.Seen}
	if c.Seen {
		block.Known = f.mark(c.Path).Jails
	}
	var effects event.Effects
	if len(text) > 0 {
		var err error
		if effects, err = see(ctx, &block); err != nil {
			return err
		}
	}
	if c.Seen {
		return f.learn(ctx, c, &block, effects.Judged)
	}
	position, err := json.Marshal(c.End)
	if err != nil {
		return err
	}
	f.unsaved[c.Path] = unsaved{mark{Position: position, Jails: block.Jails}, effects.Judged}
	return f.save(ctx, effects.Any)
}

// fresh is the text of a chunk without lines that were read before.
func (f *Files) fresh(c *filefollow.Chunk) []byte {
	if len(c.Text) == 0 || c.Begin < 0 {
		return c.Text
	}
	r := f.rewrites[c.Path]
	if r == nil {
		r = &rewrites{}
		f.rewrites[c.Path] = r
	}
	text := r.fresh(c.Text, c.Begin == 0)
	if len(text) < len(c.Text) && !r.told {
		r.told = true
		f.Log.Info("the log is written anew with lines that were read before; each counts once", "path", c.Path)
	}
	return text
}

// learn notes, at the end of a file's past, the jails for which it was new: a quiet file may get no other mark. What is
// judged later holds up the marks that follow.
func (f *Files) learn(ctx context.Context, c filefollow.Chunk, b *event.Block, judged <-chan struct{}) error {
	m := f.mark(c.Path)
	end, ok := f.position(c.Path)
	had := len(m.Jails)
	if ok && c.End.Offset >= end.Offset {
		for _, name := range b.Jails {
			if !slices.Contains(m.Jails, name) {
				m.Jails = append(m.Jails, name)
			}
		}
	}
	if len(m.Jails) == had && judged == nil {
		return nil
	}
	return m.save(ctx, f.Marks, f.key(c.Path), judged)
}

// jails names the jails of the globs, each once.
func (f *Files) jails(globs []int) []string {
	names := make([]string, 0, len(globs))
	for _, g := range globs {
		if name := f.Paths[g].Jail; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// save saves the positions that have moved: at once when asked to, else now and then.
func (f *Files) save(ctx context.Context, now bool) error {
	if len(f.unsaved) == 0 || !now && time.Since(f.saved) < markEvery {
		return nil
	}
	for path, m := range f.unsaved {
		if err := m.save(ctx, f.Marks, f.key(path), m.judged); err != nil {
			return err
		}
		delete(f.unsaved, path)
	}
	f.saved = time.Now()
	return nil
}
