package source

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"

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
	// Positions keeps each file's position under "file:", Key and the path. Key
	// tells apart readers that read the same file in different ways. Where
	// there is no position with the Key, that without serves.
	Positions Positions
	Key       string
	Counters  *filefollow.Counters
	Log       *slog.Logger
	Beat      func() // called at least once a second while reading goes on
	Caught    func() // called whenever all that is there has been judged; may be nil

	saver    *saver
	rewrites map[string]*rewrites // by path
}

// Run follows the files until ctx ends. Lines before a saved position are read
// again for the jails that ask for it.
func (f *Files) Run(ctx context.Context, see See) error {
	f.saver, f.rewrites = newSaver(f.Positions), map[string]*rewrites{}
	follower := filefollow.Follower{
		Encoding: f.Encoding, Polling: f.Polling, Counters: f.Counters, Log: f.Log,
		CaughtUp: f.Caught,
		Positions: func(path string) (filefollow.Position, bool) {
			return f.position(path).inFile()
		},
	}
	for _, p := range f.Paths {
		follower.Globs = append(follower.Globs, p.Glob)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	follower.Idle = func() {
		if err := f.saver.save(ctx, false); err != nil {
			cancel(err)
		}
		f.Beat()
	}
	err := follower.Run(ctx, func(c filefollow.Chunk) error { return f.judge(ctx, c, see) })
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return errors.Join(err, f.saver.save(context.WithoutCancel(ctx), true))
}

func (f *Files) key(path string) string { return "file:" + f.Key + path }

// position returns the saved position in a file.
func (f *Files) position(path string) position {
	if p := load(f.Positions, f.key(path), f.Log); !p.empty() {
		return p
	}
	return load(f.Positions, "file:"+path, f.Log)
}

// judge has a chunk judged and remembers where it ends.
func (f *Files) judge(ctx context.Context, c filefollow.Chunk, see See) (err error) {
	block := event.Block{Origin: c.Path, Text: f.fresh(&c), Jails: f.jails(c.Globs),
		Live: c.Live, Past: c.Seen}
	if c.Seen {
		block.Known = f.position(c.Path).Jails
	}
	var effects event.Effects
	if len(block.Text) > 0 {
		if effects, err = see(ctx, &block); err != nil {
			return err
		}
	}
	if c.Seen {
		return f.learn(ctx, c, &block, effects.Judged)
	}
	end, err := json.Marshal(c.End)
	if err != nil {
		return err
	}
	return f.saver.move(ctx, f.key(c.Path), position{File: end, Jails: block.Jails}, effects)
}

// fresh returns the text of a chunk without lines that were read before.
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
	if len(text) < len(c.Text) && !r.logged {
		r.logged = true
		f.Log.Info("the log is written anew with lines that were read before; each counts once",
			"path", c.Path)
	}
	return text
}

// learn notes, at the end of a file's past, the jails for which that was new: a
// quiet file may get no other position. What is judged later holds up the
// positions that follow.
func (f *Files) learn(ctx context.Context, c filefollow.Chunk, b *event.Block,
	judged <-chan struct{}) error {
	p := f.position(c.Path)
	end, ok := p.inFile()
	had := len(p.Jails)
	if ok && c.End.Offset >= end.Offset {
		for _, name := range b.Jails {
			if !slices.Contains(p.Jails, name) {
				p.Jails = append(p.Jails, name)
			}
		}
	}
	if len(p.Jails) == had && judged == nil {
		return nil
	}
	return p.save(ctx, f.Positions, f.key(c.Path), judged)
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
