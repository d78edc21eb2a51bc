package match

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// TestCharacters compares classes and cases with Python's, character by character.
func TestCharacters(t *testing.T) {
	type character struct {
		R, Lower           rune
		Word, Digit, Space bool
		Cased              bool
		Twins              []rune
	}
	characters := fromPython[character](t, "characters.py")
	hasUpper := map[rune]bool{}
	for _, c := range characters {
		hasUpper[c.Lower] = hasUpper[c.Lower] || c.Lower != c.R
	}
	failures := 0
	for _, c := range characters {
		got := character{
			R: c.R, Lower: unicodeFold.lower(c.R), Cased: unicodeFold.cased(c.R),
			Word: word.has(c.R), Digit: decimal.has(c.R), Space: whiteSpace.has(c.R), Twins: twins(c.R),
		}
		slices.Sort(got.Twins)
		slices.Sort(c.Twins)
		same := got.Lower == c.Lower && got.Word == c.Word && got.Digit == c.Digit && got.Space == c.Space
		if got.Lower == c.R { // what a class folds has twins in lower case
			same = same && slices.Equal(got.Twins, c.Twins)
		}
		if !got.Cased && c.Cased { // harmless if no other character is the same without case
			same = same && c.Lower == c.R && !hasUpper[c.R] && c.Twins == nil
		}
		if !same {
			t.Errorf("got %+v\nwant %+v", got, c)
			if failures++; failures > 20 {
				break
			}
		}
	}
}

// TestClassTables compares a class's tables with what its items say.
func TestClassTables(t *testing.T) {
	for _, expr := range []string{`\w`, `\W`, `\d`, `\D`, `\s`, `\S`, `.`, `[^"]`, `[a-zé]`, `[^é]`, `[^\W\d]`, `(?i)[k-s]`, `(?i)[^s]`, `(?a)[\w]`, `(?a)\W`, `(?a)[^\w]`, `(?a)[^\W]`, `[^\x00-\x7f]`, "[\u0080-\U0010ffff]"} {
		tree, _, err := parse(expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := tree.subs[0].class
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if r >= 0x3000 && r < 0x1f000 {
				continue
			}
			if c.has(r) != c.lookup(r) {
				t.Errorf("%s: has(%q) = %v", expr, r, c.has(r))
			}
		}
	}
}
