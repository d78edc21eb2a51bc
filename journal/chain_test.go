package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNextAgainstAdvance walks through good and damaged chains with next and with its slow twin.
func TestNextAgainstAdvance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	walk := func(b []byte, n uint64, next func(*list, *mapping, uint64) uint64) (all []uint64) {
		l, err := readLayout(b, uint64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		f := &mapping{layout: l, b: b, horizon: none}
		chain := f.chain(n)
		for least := uint64(0); ; {
			at := next(&chain, f, least)
			all = append(all, at, f.damaged)
			if at == none {
				return all
			}
			least = at + 1
		}
	}
	for _, name := range []string{"compact", "regular", "regular-unkeyed"} {
		good := kept(t, name)
		arrays := slices.DeleteFunc(objects(good), func(at uint64) bool { return good[at] != objectArray })
		for i := range 300 {
			b := bytes.Clone(good)
			for range i % 4 {
				at := arrays[r.IntN(len(arrays))]
				at += objectHeader + r.Uint64N(le.Uint64(b[at+8:])-objectHeader)
				b[at] ^= 1 << r.IntN(8)
			}
			n := le.Uint64(b[atEntries:])
			if i%2 == 1 {
				n = r.Uint64N(2 * n)
			}
			got, want := walk(b, n, (*list).next), walk(b, n, (*list).advance)
			if !slices.Equal(got, want) {
				t.Fatalf("%s, attempt %d: %s", name, i, firstDifference(got, want))
			}
		}
	}
}

func firstDifference(got, want []uint64) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("item %d is %d, want %d", i/2, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d items, want %d", len(got)/2, len(want)/2)
}
