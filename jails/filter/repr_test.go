package filter

import (
	"slices"
	"testing"
)

// FuzzValuesOfAGroup reads back what is written as Python writes a tuple or a set.
func FuzzValuesOfAGroup(f *testing.F) {
	for _, s := range []string{"", "root", "it's", `say "hi"`, `both ' and "`, `back\slash`, "a\nb\t\x00", "é€\U0001f600", "', '", `\'`, "\u00ad"} {
		f.Add(s, "other")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		want := []string{string([]rune(a)), string([]rune(b))} // a filter sees no bytes that are no characters
		tuple := Group{Kind: Literal, Value: tupleRepr([]Group{{Value: want[0]}, {Kind: Null}, {Value: want[1]}})}
		if got := tuple.Values(); !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", tuple.Value, got, want)
		}
		set := Group{Kind: Literal, Value: setRepr(want)}
		if got := set.Values(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s is %q, want %q", set.Value, got, want)
		}
		if got := (Group{Value: want[0]}).Values(); !slices.Equal(got, want[:1]) {
			t.Errorf("%q", got)
		}
	})
}
