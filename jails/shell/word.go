package shell

import "strings"

// A word is an argument before expansion.
type word struct{ parts []part }

// A part of a word is text, or what the shell puts something else in place of.
type part struct {
	text   string // as it is; of a variable or a substitution, as it is written
	name   string // of a variable
	spare  string // its value where it is not set
	sub    node   // a command whose output is put there
	dollar bool   // the text is what only the shell can expand
	quoted bool
}

// literal is the word's text when it is nothing but unquoted text, as keywords are.
func (w word) literal() string {
	if len(w.parts) != 1 || w.parts[0].quoted || w.parts[0].name != "" || w.parts[0].dollar || w.parts[0].sub != nil {
		return ""
	}
	return w.parts[0].text
}

// plain is the word's text when nothing in it is to be expanded.
func (w word) plain() (text string) {
	for _, p := range w.parts {
		if p.name != "" || p.dollar || p.sub != nil {
			return ""
		}
		text += p.text
	}
	return text
}

// add adds text, to the last part where that is alike.
func (w *word) add(text string, quoted bool) {
	if n := len(w.parts); n > 0 {
		if l := &w.parts[n-1]; l.quoted == quoted && l.name == "" && !l.dollar && l.sub == nil {
			l.text += text
			return
		}
	}
	w.parts = append(w.parts, part{text: text, quoted: quoted})
}

// word reads a word that stands behind another. It is empty where none begins.
func (p *parser) word(before string) (w word) {
	if p.whole(before) {
		if text, ok := p.inserted(); ok {
			w.add(text, true)
		}
	}
	for p.i < len(p.s) && !p.failed() {
		switch c := p.s[p.i]; c {
		case Begin:
			if so := w.literal(); strings.HasSuffix(so, "=") || so != "" && p.whole(so) {
				if text, ok := p.inserted(); ok {
					w.add(text, true)
					continue
				}
			}
			p.i++
		case End:
			p.i++
		case ' ', '\t', '\n', ';', '|', '&', '(', ')', '>':
			return w
		case '<':
			n := tag(p.s[p.i:])
			if n == 0 {
				return w
			}
			w.add(p.s[p.i:p.i+n], false)
			p.i += n
		case '\\':
			p.escape(&w)
		case '\'':
			p.single(&w)
		case '"':
			p.double(&w)
		case '$', '`':
			p.expansion(&w, false)
		default:
			w.add(string(p.s[p.i:p.i+1]), false)
			p.i++
		}
	}
	return w
}

// tag is the length of a tag such as <ip> with which s begins, or 0. It is filled in when an action runs, and is no
// redirection.
func tag(s string) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '>' && i > 1:
			return i + 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 1 && strings.IndexByte("0123456789-_./:?=", c) >= 0:
		default:
			return 0
		}
	}
	return 0
}

// inserted reads a whole text between marks. It leaves alone what is more than a value: flags, or something to expand.
func (p *parser) inserted() (string, bool) {
	for at := p.i; at < len(p.s) && p.s[at] == Begin; at++ {
		end, depth := at, 0
		for ; end < len(p.s); end++ {
			if p.s[end] == Begin {
				depth++
			} else if p.s[end] == End {
				if depth--; depth == 0 {
					break
				}
			}
		}
		text := strings.TrimSpace(unmarked(p.s[at:end]))
		if end < len(p.s) && text != "" && !strings.ContainsAny(text, "$`\\'\"{}") && !strings.Contains(" "+text, " -") {
			p.i = end + 1
			return text, true
		}
	}
	return "", false
}

func (p *parser) escape(w *word) {
	if p.i++; p.i == len(p.s) {
		return
	}
	if p.s[p.i] != '\n' {
		w.add(p.s[p.i:p.i+1], true)
	}
	p.i++
}

func (p *parser) single(w *word) {
	end := strings.IndexByte(p.s[p.i+1:], '\'')
	if end < 0 {
		p.fail("a ' is not closed")
		return
	}
	w.add(unmarked(p.s[p.i+1:p.i+1+end]), true)
	p.i += end + 2
}

func (p *parser) double(w *word) {
	w.add("", true)
	for p.i++; p.i < len(p.s) && !p.failed(); {
		switch c := p.s[p.i]; c {
		case '"':
			p.i++
			return
		case Begin, End:
			p.i++
		case '\\':
			if p.i+1 < len(p.s) && strings.IndexByte("$`\"\\\n", p.s[p.i+1]) >= 0 {
				p.escape(w)
				continue
			}
			w.add(`\`, true)
			p.i++
		case '$', '`':
			p.expansion(w, true)
		default:
			w.add(string(p.s[p.i:p.i+1]), true)
			p.i++
		}
	}
	p.fail("a \" is not closed")
}

// expansion reads what begins with $ or a backtick.
func (p *parser) expansion(w *word, quoted bool) {
	start := p.i
	rest := p.s[p.i:]
	made := part{quoted: quoted}
	switch {
	case rest[0] == '`':
		made.sub = p.backticks()
	case strings.HasPrefix(rest, "$(("):
		end := strings.Index(rest, "))")
		if end < 0 {
			p.fail("a $(( is not closed")
			return
		}
		p.i += end + 2
		made.dollar = true
	case strings.HasPrefix(rest, "$("):
		p.i += 2
		made.sub = p.until(')')
	case strings.HasPrefix(rest, "${"):
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			p.fail("a ${ is not closed")
			return
		}
		p.i += end + 1
		name, spare, _ := strings.Cut(unmarked(rest[2:end]), ":-")
		made.name, made.spare, made.dollar = name, spare, nameLength(name) != len(name)
	default:
		n := nameLength(rest[1:])
		if n == 0 && len(rest) > 1 && strings.IndexByte("0123456789@*#?$!-", rest[1]) >= 0 {
			n, made.dollar = 1, rest[1] < '0' || rest[1] > '9'
		}
		if p.i += 1 + n; n == 0 {
			w.add("$", quoted)
			return
		}
		made.name = rest[1 : 1+n]
	}
	made.text = unmarked(p.s[start:min(p.i, len(p.s))])
	if made.dollar {
		made.name = ""
	}
	w.parts = append(w.parts, made)
}

// nameLength is the length of the variable's name with which s begins.
func nameLength(s string) int {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(s)
}

func (p *parser) backticks() node {
	var inner []byte
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '`':
			p.i++
			body, err := parseIn(string(inner), p.whole, p.depth+1)
			if err != nil {
				p.err = err
			}
			return body
		case c == '\\' && p.i+1 < len(p.s) && strings.IndexByte("$`\\", p.s[p.i+1]) >= 0:
			p.i++
		}
		inner = append(inner, p.s[p.i])
	}
	p.fail("a ` is not closed")
	return nil
}
