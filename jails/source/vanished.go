package source

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"bailiff/filefollow"
)

// Vanished tells whether what is saved under a key of Marks is the position in a log that is gone and will not be
// missed: there is no file at its path, and it was last written to before a time since which lines still count. Should
// such a log come back, it is read like one that appears.
func Vanished(key, value string, since time.Time) bool {
	log, ok := strings.CutPrefix(key, "file:")
	slash := strings.IndexByte(log, '/')
	if !ok || slash < 0 {
		return false
	}
	var m mark
	var p filefollow.Position
	if json.Unmarshal([]byte(value), &m) != nil || json.Unmarshal(m.Position, &p) != nil {
		return false
	}
	if !time.Unix(0, p.Time).Before(since) {
		return false
	}
	_, err := os.Lstat(log[slash:])
	return errors.Is(err, fs.ErrNotExist)
}
