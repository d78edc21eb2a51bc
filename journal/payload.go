package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

const (
	// maxPayload is how much of a compressed "FIELD=value" is unpacked, where the method can stop half-way.
	maxPayload = maxValue + 256
	// maxUnpacked is how long a payload may be for a method that cannot.
	maxUnpacked = 16 << 20
)

var errPayload = errors.New("payload cannot be unpacked")

// An unpacker unpacks data objects' payloads. It is made when the first is met and reused; not for concurrent use.
type unpacker struct {
	zstd *zstd.Decoder
	buf  []byte
}

// unpack returns at least the payload's first maxPayload bytes, valid until the next call.
func (u *unpacker) unpack(method byte, packed []byte) ([]byte, error) {
	switch method & compressedAny {
	case compressedZSTD:
		return u.unpackZSTD(packed)
	case compressedLZ4:
		return u.unpackLZ4(packed)
	case compressedXZ:
		r, err := xz.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("%w: xz: %w", errPayload, err)
		}
		return u.head(r)
	}
	return nil, fmt.Errorf("%w: method %#x", errPayload, method)
}

func (u *unpacker) unpackZSTD(packed []byte) ([]byte, error) {
	if u.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderMaxWindow(maxUnpacked))
		if err != nil {
			return nil, err
		}
		u.zstd = d
	}
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		return nil, fmt.Errorf("%w: zstd: %w", errPayload, err)
	}
	if !h.HasFCS || h.FrameContentSize > maxPayload {
		defer u.zstd.Reset(nil) // a stream that is not read to its end keeps what DecodeAll would wait for
		if err := u.zstd.Reset(bytes.NewReader(packed)); err != nil {
			return nil, fmt.Errorf("%w: zstd: %w", errPayload, err)
		}
		return u.head(u.zstd)
	}
	var err error
	if u.buf, err = u.zstd.DecodeAll(packed, u.buf[:0]); err != nil {
		return nil, fmt.Errorf("%w: zstd: %w", errPayload, err)
	}
	return u.buf, nil
}

// unpackLZ4 unpacks one raw block behind its unpacked length.
func (u *unpacker) unpackLZ4(packed []byte) ([]byte, error) {
	if len(packed) < 8 || le.Uint64(packed) > maxUnpacked {
		return nil, fmt.Errorf("%w: lz4: bad length", errPayload)
	}
	u.grow(int(le.Uint64(packed)))
	n, err := lz4.UncompressBlock(packed[8:], u.buf)
	if err != nil {
		return nil, fmt.Errorf("%w: lz4: %w", errPayload, err)
	}
	return u.buf[:n], nil
}

// head reads no more than is needed.
func (u *unpacker) head(r io.Reader) ([]byte, error) {
	u.grow(maxPayload)
	n, err := io.ReadFull(r, u.buf)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	return u.buf[:n], nil
}

func (u *unpacker) grow(n int) {
	if cap(u.buf) < n {
		u.buf = make([]byte, n)
	}
	u.buf = u.buf[:n]
}

// close gives back what the decoders hold, and the memory a long payload took.
func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
		u.zstd = nil
	}
	u.buf = nil
}
