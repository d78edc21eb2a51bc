package filter

import (
	"slices"
	"testing"
)

func TestSplitLines(t *testing.T) {
	for s, want := range map[string][]string{
		"": nil, "a": {"a"}, "a\n": {"a"}, "a\n\nb": {"a", "", "b"}, "\r\n\r": {"", ""}, "a\u2028b\x1c\v": {"a", "b", ""}, "\u0085ü\n": {"", "ü"},
	} {
		if got := splitLines(s); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
