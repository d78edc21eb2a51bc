package match

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestLineStart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		text := make([]byte, 1+r.IntN(40))
		for i := range text {
			text[i] = "\n\v\x8a\x00ab"[r.IntN(6)]
		}
		pos := r.IntN(len(text))
		if got, want := lineStart(text, pos), bytes.LastIndexByte(text[:pos], '\n')+1; got != want {
			t.Fatalf("lineStart(%q, %d) = %d, not %d", text, pos, got, want)
		}
	}
}
