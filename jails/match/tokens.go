package match

import (
	"strings"
	"unicode/utf8"
)

// tokens cuts an expression into characters; a backslash and the character after it are one.
type tokens struct {
	expr string
	next string // the token ahead; "" at the end
	end  int    // where the token ahead ends
}

func newTokens(expr string) *tokens {
	t := &tokens{expr: expr}
	t.advance()
	return t
}

// fail ends the parse. parse turns the panic into its error.
func (t *tokens) fail(pos int, msg string) { panic(&SyntaxError{Expr: t.expr, Pos: pos, Msg: msg}) }

func (t *tokens) advance() {
	rest := t.expr[t.end:]
	if rest == "" {
		t.next = ""
		return
	}
	_, size := utf8.DecodeRuneInString(rest)
	if rest[0] == '\\' {
		if size == len(rest) {
			t.fail(len(t.expr)-1, "bad escape (end of pattern)")
		}
		_, second := utf8.DecodeRuneInString(rest[1:])
		size += second
	}
	t.next = rest[:size]
	t.end += size
}

// pos is the byte offset of the token ahead.
func (t *tokens) pos() int { return t.end - len(t.next) }

// seek makes the token at pos the one ahead.
func (t *tokens) seek(pos int) {
	t.end = pos
	t.advance()
}

// get takes the token ahead; "" at the end.
func (t *tokens) get() string {
	tok := t.next
	t.advance()
	return tok
}

// accept takes the token ahead if it is tok.
func (t *tokens) accept(tok string) bool {
	if t.next != tok || tok == "" {
		return false
	}
	t.advance()
	return true
}

// nextIn tells whether the token ahead is one of the ASCII characters of set.
func (t *tokens) nextIn(set string) bool {
	return len(t.next) == 1 && strings.Contains(set, t.next)
}

// while takes at most n tokens of set.
func (t *tokens) while(n int, set string) string {
	start := t.pos()
	for ; n != 0 && t.nextIn(set); n-- {
		t.advance()
	}
	return t.expr[start:t.pos()]
}

// until takes what stands before the terminator, and the terminator. what names it in errors.
func (t *tokens) until(terminator, what string) string {
	start := t.pos()
	for t.next != terminator {
		if t.next == "" && t.pos() == start {
			t.fail(start, "missing "+what)
		}
		if t.next == "" {
			t.fail(start, "missing "+terminator+", unterminated name")
		}
		t.advance()
	}
	if t.pos() == start {
		t.fail(start, "missing "+what)
	}
	text := t.expr[start:t.pos()]
	t.advance()
	return text
}
