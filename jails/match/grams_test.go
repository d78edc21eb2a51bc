package match

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGrams compares the scan with its plain twin and with a plain search for each string.
func TestGrams(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 7))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcABC@` \xc3"[r.IntN(10)]
		}
		return b
	}
	for range 300 {
		least := 4 + r.IntN(6)
		var strings []gramString
		for i := range int32(1 + r.IntN(8)) {
			s := gramString{text: string(bytes.ToLower(random(least + r.IntN(5)))), ids: []int32{i}}
			if !bytes.ContainsRune([]byte(s.text), 0xfffd) {
				strings = append(strings, s)
			}
		}
		text := random(r.IntN(3000))
		for range r.IntN(5) {
			if len(strings) > 0 {
				text = append(append(text, bytes.ToUpper([]byte(strings[0].text))...), random(r.IntN(100))...)
			}
		}
		g := newGrams(strings, least, countFours(text))
		plain := g.plainScan(text, 0, nil)
		var want []found
		for _, s := range strings {
			for pos := range text {
				if pos+len(s.text) <= len(text) && equalFold(text[pos:pos+len(s.text)], []byte(s.text)) {
					want = append(want, found{int32(pos), s.ids[0]})
				}
			}
		}
		got := g.scan(text, nil)
		if !slices.IsSortedFunc(got, func(a, b found) int { return int(a.pos - b.pos) }) {
			t.Fatalf("not in the order of the text: %v", got)
		}
		for _, f := range [][]found{got, plain, want} {
			slices.SortFunc(f, func(a, b found) int { return int(a.pos-b.pos)*100 + int(a.id-b.id) })
		}
		if !slices.Equal(got, plain) {
			t.Fatalf("scan %v, plain twin %v", got, plain)
		}
		if got := slices.Compact(got); !slices.Equal(got, want) {
			t.Fatalf("%v in %q: %v, want %v", strings, text, got, want)
		}
	}
}
