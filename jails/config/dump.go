package config

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
)

// DumpFail2ban writes the configuration as fail2ban-client -d does: one command a line in Python's notation. It
// resolves the files and no more, so that a filter which cannot be compiled is written too. The error is of type Faults
// when something is wrong with the files.
func DumpFail2ban(fsys fs.FS, dir string, w io.Writer) error {
	t := resolve(fsys, dir)
	commands := t.stream()
	if len(t.faults) > 0 {
		return Faults(collect(t.faults))
	}
	out := bufio.NewWriter(w)
	var line []byte
	for _, c := range commands {
		line = append(literal(line[:0], []any(c)), '\n')
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write commands: %w", err)
		}
	}
	return out.Flush()
}
