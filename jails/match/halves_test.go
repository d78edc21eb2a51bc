package match

import "testing"

// TestSetFindsLinesWhoseDateStandsAnywhere puts a date at every place of a line that a pattern matches without it.
func TestSetFindsLinesWhoseDateStandsAnywhere(t *testing.T) {
	const text = "box daemon[7]: authentication failure from 192.0.2.1"
	p, err := Compile(`authentication failure from [\d.]+$`, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSet([]Rule{{Patterns: []*Pattern{p}, Cuts: []Cut{NewCut(-1, nil, nil)}}}, Options{Sample: []byte("nothing\n")})
	if len(s.always) > 0 {
		t.Fatal("every line is a candidate: the test is blind")
	}
	for at := range len(text) + 1 {
		found := false
		s.Scan([]byte(text[:at]+"2026-11-22T10:00:00Z"+text[at:]+"\n"), func(int, int, []Hit) bool { found = true; return false })
		if !found {
			t.Errorf("not found with a date at %d", at)
		}
	}
}
