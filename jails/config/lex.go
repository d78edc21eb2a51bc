package config

import (
	"fmt"
	"strconv"
	"strings"
)

// A token of an expression: a number, a name such as ban.Time, or an operator. The last one is "".
type token struct {
	text   string
	number *number
}

func (t token) isName() bool {
	return t.number == nil && t.text != "" && (t.text[0] == '_' || letters(t.text) > 0)
}

// operators, the longer before those they begin with.
var operators = []string{"**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "<", ">", "(", ")", ","}

const maxTokens = 1000

// lex parts an expression into tokens.
func lex(s string) ([]token, error) {
	var tokens []token
	for {
		s = strings.TrimLeft(s, " \t\n\f")
		if s == "" {
			return append(tokens, token{}), nil
		}
		if len(tokens) >= maxTokens {
			return nil, fmt.Errorf("the expression has more than %d words", maxTokens)
		}
		t, n, err := nextToken(s)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		s = s[n:]
	}
}

func nextToken(s string) (token, int, error) {
	if isDigit(s[0]) || s[0] == '.' && len(s) > 1 && isDigit(s[1]) {
		return lexNumber(s)
	}
	if s[0] == '_' || letters(s) > 0 {
		n := nameLength(s)
		return token{text: s[:n]}, n, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return token{text: op}, len(op), nil
		}
	}
	return token{}, 0, fmt.Errorf("%s is not understood", quoted(s))
}

// nameLength is the length of a name, which may have dots: ban.Time.
func nameLength(s string) int {
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '.' && !isDigit(c) && letters(s[i:]) == 0 {
			return i
		}
	}
	return len(s)
}

func lexNumber(s string) (token, int, error) {
	n := numberLength(s)
	word := s[:n]
	if n < len(s) && (s[n] == '_' || letters(s[n:]) > 0 && !keyword(s[n:])) {
		return token{}, 0, fmt.Errorf("%s is not a number", quoted(s[:min(n+8, len(s))]))
	}
	plain := strings.ReplaceAll(word, "_", "")
	if strings.Trim(plain, "0123456789") == "" {
		if strings.HasPrefix(plain, "0") && strings.Trim(plain, "0") != "" {
			return token{}, 0, fmt.Errorf("%s begins with a zero", quoted(word))
		}
		i, err := strconv.ParseInt(plain, 10, 64)
		if err != nil {
			return token{}, 0, fmt.Errorf("%s is too large", quoted(word))
		}
		return token{word, &number{i: i, whole: true}}, n, nil
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil {
		return token{}, 0, fmt.Errorf("%s is not a number", quoted(word))
	}
	return token{word, &number{f: f}}, n, nil
}

// numberLength is the length of digits, a fraction and an exponent; single underscores may stand between digits.
func numberLength(s string) int {
	n := digits(s)
	if n < len(s) && s[n] == '.' {
		n++
		n += digits(s[n:])
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		sign := 1
		if n+1 < len(s) && (s[n+1] == '+' || s[n+1] == '-') {
			sign = 2
		}
		if d := digits(s[min(n+sign, len(s)):]); d > 0 {
			n += sign + d
		}
	}
	return n
}

func digits(s string) int {
	for i := range len(s) {
		between := s[i] == '_' && i > 0 && isDigit(s[i-1]) && i+1 < len(s) && isDigit(s[i+1])
		if !isDigit(s[i]) && !between {
			return i
		}
	}
	return len(s)
}

// keyword tells whether s begins with a word that Python lets follow a number without a blank.
func keyword(s string) bool {
	w := s[:nameLength(s)]
	return w == "if" || w == "else"
}
