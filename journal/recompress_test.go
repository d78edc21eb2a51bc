package journal_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// recompress rewrites a file's data objects, where they are, with a method that the systemd here no longer writes. Those
// that would not fit stay as they are.
func recompress(t *testing.T, path, method string) {
	t.Helper()
	le := binary.LittleEndian
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	payload, flag := 64, byte(2)
	if le.Uint32(b[12:])&16 != 0 {
		payload = 72
	}
	if method == "xz" {
		flag = 1
	}
	rewritten := 0
	for at, last := le.Uint64(b[88:]), le.Uint64(b[136:]); at <= last; {
		size := le.Uint64(b[at+8:])
		if b[at] == 1 && size > 300 {
			room := (size+7)&^7 - uint64(payload)
			p := b[at+uint64(payload) : at+size]
			packed := pack(t, method, unpackTest(t, b[at+1], p))
			if uint64(len(packed)) < room && len(packed) > 0 {
				copy(p[:cap(p)], packed)
				b[at+1] = flag
				le.PutUint64(b[at+8:], uint64(payload+len(packed)))
				rewritten++
			}
		}
		at += (size + 7) &^ 7
	}
	if rewritten == 0 {
		t.Fatal("nothing could be rewritten")
	}
	le.PutUint32(b[12:], le.Uint32(b[12:])|uint32(flag))
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func unpackTest(t *testing.T, flags byte, p []byte) []byte {
	if flags == 0 {
		return bytes.Clone(p)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := d.DecodeAll(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pack(t *testing.T, method string, p []byte) []byte {
	if method == "lz4" {
		out := make([]byte, 8+lz4.CompressBlockBound(len(p)))
		binary.LittleEndian.PutUint64(out, uint64(len(p)))
		n, err := lz4.CompressBlock(p, out[8:], nil)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 { // not to be compressed
			return nil
		}
		return out[:8+n]
	}
	var out bytes.Buffer
	w, err := xz.WriterConfig{NoCheckSum: true, DictCap: 1 << 12}.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Close()
	return out.Bytes()
}
