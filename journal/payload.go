package journal

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

const (
	// maxPayload is how much of a compressed "FIELD=value" is unpacked, where
	// the method can stop half-way.
	maxPayload = maxValue + 256
	// maxUnpacked is how long a payload may be for a method that cannot.
	maxUnpacked = 16 << 20
)

// An unpacker unpacks data objects' payloads. It is not for concurrent use.
type unpacker struct {
	zstd *zstd.Decoder // nil until the first is met
	buf  []byte
}

// unpack returns at least the payload's first maxPayload bytes, valid until the
// next call. It is false when the payload is damaged.
func (u *unpacker) unpack(method byte, packed []byte) (payload []byte, ok bool) {
	err := errors.ErrUnsupported
	switch method & compressedAny {
	case compressedZSTD:
		payload, err = u.unpackZSTD(packed)
	case compressedLZ4:
		payload, err = u.unpackLZ4(packed)
	case compressedXZ:
		var r *xz.Reader
		if r, err = xz.NewReader(bytes.NewReader(packed)); err == nil {
			payload, err = u.head(r)
		}
	}
	return payload, err == nil
}

func (u *unpacker) unpackZSTD(packed []byte) ([]byte, error) {
	if u.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxUnpacked),
			zstd.WithDecoderMaxWindow(maxUnpacked))
		if err != nil {
			return nil, err
		}
		u.zstd = d
	}
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		return nil, err
	}
	if !h.HasFCS || h.FrameContentSize > maxPayload {
		// A stream that is not read to its end keeps what DecodeAll would wait
		// for.
		defer u.zstd.Reset(nil)
		if err := u.zstd.Reset(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
		return u.head(u.zstd)
	}
	var err error
	u.buf, err = u.zstd.DecodeAll(packed, u.buf[:0])
	return u.buf, err
}

// unpackLZ4 unpacks one raw block behind its unpacked length.
func (u *unpacker) unpackLZ4(packed []byte) ([]byte, error) {
	if len(packed) < 8 || le.Uint64(packed) > maxUnpacked {
		return nil, errors.ErrUnsupported
	}
	u.grow(int(le.Uint64(packed)))
	n, err := lz4.UncompressBlock(packed[8:], u.buf)
	return u.buf[:max(n, 0)], err
}

// head reads no more than is needed.
func (u *unpacker) head(r io.Reader) ([]byte, error) {
	u.grow(maxPayload)
	n, err := io.ReadFull(r, u.buf)
	if err == io.ErrUnexpectedEOF {
		err = nil
	}
	return u.buf[:n], err
}

func (u *unpacker) grow(n int) {
	u.buf = slices.Grow(u.buf[:0], n)[:n]
}

// close gives back what the decoders hold, and the memory a long payload took.
func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
		u.zstd = nil
	}
	u.buf = nil
}
