package filefollow

// A Mark is how far one file was read. The format is this package's own. It recognises the file again after a rename by device and inode, and by content
// after an inode was used anew, a device was numbered anew at boot, or the file was copied.
type Mark struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Offset int64  `json:"offset"` // in bytes, right after a line end
	Head   uint64 `json:"head"`   // FNV-1a of the file's first bytes before Offset, at most 1024
	Tail   uint64 `json:"tail"`   // FNV-1a of the last bytes before Offset, at most 64
	Time   int64  `json:"time"`   // when the file was last written to, as known when it was read, in Unix nanoseconds
}

// A Position is how far the files behind one path were read. It is plain data, made to be kept as JSON. The embedded
// mark is that of the newest file of which something was read; Older are those of rotated files that may still grow,
// oldest first. All lines before the marks were handed out, and all lines of files that came before the oldest of them.
type Position struct {
	Mark
	Older []Mark `json:"older,omitempty"`
}

const (
	headLen = 1024
	tailLen = 64
	fnvBase = 14695981039346656037
	fnvStep = 1099511628211
)

// sum continues the FNV-1a sum h over b.
func sum(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvStep
	}
	return h
}

// start is the mark at the beginning of a file.
func (i id) start() Mark {
	return Mark{Device: i.device, Inode: i.inode, Head: fnvBase, Tail: fnvBase}
}

// advance moves the mark over text[before:]; text[:before] are the bytes right before it, at least 64 or all there are.
func (m *Mark) advance(text []byte, before int) {
	fresh := text[before:]
	if room := headLen - m.Offset; room > 0 {
		m.Head = sum(m.Head, fresh[:min(int64(len(fresh)), room)])
	}
	m.Offset += int64(len(fresh))
	m.Tail = sum(fnvBase, text[len(text)-int(min(m.Offset, tailLen)):])
}

func (m Mark) id() id { return id{m.Device, m.Inode} }
