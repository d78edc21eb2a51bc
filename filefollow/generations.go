package filefollow

import (
	"path/filepath"
	"strings"
)

// leftOut tells whether a path that a wildcard matched is not a log of its own.
func (r *run) leftOut(path string) bool {
	switch filepath.Ext(path) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lzo", ".br", ".Z", ".zip":
		return true
	}
	base, ok := rotatedFrom(path)
	return ok && r.sources[base] != nil
}

// rotatedFrom is the log that a path is, by its name, a rotated form of: log.1, log.20261122, log-20261122.
func rotatedFrom(path string) (log string, ok bool) {
	base := strings.TrimRight(path, "0123456789-_.:T")
	suffix := path[len(base):]
	if suffix == "" || base == "" || strings.HasSuffix(base, "/") {
		return "", false
	}
	digits := strings.Trim(suffix, "-_.")
	return base, suffix[0] == '.' && digits != "" || len(digits) >= 8
}
