package filter

import (
	"encoding/json"
	"testing"
)

func TestReprIsPythons(t *testing.T) {
	all := []string{"", "a", "it's", `say "hi"`, `it's "both"`, `back\slash`, "tab\tnew\nret\r", "\x00\x1f\x7f", "ü€😀", "\u00a0\u200b\ufeff",
		"\u0378\U000e0001\ue000", "\u2028", " "}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(runPython(t, in, "testdata/repr.py"), &want); err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if got := Repr(s); got != want[i] {
			t.Errorf("Repr(%q) is %s, want %s", s, got, want[i])
		}
	}
}
