package date

import (
	"errors"
	"strings"

	"bailiff/jails/match"
)

// A piece says what the text at the begin of rest became in an expression, and how many bytes of rest that was.
type piece func(rest string) (made string, size int)

// origin returns where in pattern the byte at pos of made comes from. Made is what pattern became: pieces replaced, a
// parenthesis inserted here and there, stars and flags left out.
func origin(pattern, made string, pos int, p piece) int {
	at := 0
	for i := 0; i < len(pattern); {
		text, size := p(pattern[i:])
		if n := strings.Index(made[at:min(at+len(text)+1, len(made))], text); n >= 0 {
			if at += n + len(text); pos < at {
				return i
			}
		}
		i += size
	}
	return len(pattern)
}

// compiles compiles the template that pattern became. A syntax error speaks of pattern, and as far as possible of what
// is wrong in it without the group and the bounds around it.
func (b *builder) compiles(t *template, pattern string) error {
	_, err := t.pattern()
	s := new(match.SyntaxError)
	if !errors.As(err, &s) {
		return err
	}
	text := strings.TrimPrefix(strings.TrimPrefix(pattern, "{UNB}"), lineBegin)
	made := strings.TrimPrefix(t.expr, addedTo(t.expr))
	pos := s.Pos - len(t.expr) + len(made)
	if bare, err := expand(dropStars(text), b.directives, func(d directive) string { return d.expr }); err == nil {
		_, err = match.Compile(bare, 0)
		if alone := new(match.SyntaxError); errors.As(err, &alone) {
			s, made, pos = alone, bare, alone.Pos
		}
	}
	pos = origin(text, made, pos, b.piece)
	return &match.SyntaxError{Expr: pattern, Pos: pos + len(pattern) - len(text), Msg: s.Msg}
}

// addedTo returns the flags and the bound that bind put before a pattern.
func addedTo(expr string) string {
	n := flagsAt(expr)
	for _, bound := range []string{lineBound, wordBegin} {
		if strings.HasPrefix(expr[n:], bound) {
			return expr[:n+len(bound)]
		}
	}
	return expr[:n]
}

// piece knows the directives and the embedded epochs.
func (b *builder) piece(rest string) (made string, size int) {
	if rest[0] == '%' {
		if key := directiveAt(rest[1:], b.directives); key != "" {
			return b.directives[key].expr, 1 + len(key)
		}
	}
	for _, key := range []string{"{EPOCH}", "{LEPOCH}"} {
		if len(rest) >= len(key) && strings.EqualFold(rest[:len(key)], key) {
			return "", len(key)
		}
	}
	return rest[:1], 1
}

// aroundDate knows {DATE}, which became text.
func aroundDate(text string) piece {
	return func(rest string) (string, int) {
		const key = "{DATE}"
		if len(rest) >= len(key) && strings.EqualFold(rest[:len(key)], key) {
			return text, len(key)
		}
		return rest[:1], 1
	}
}
