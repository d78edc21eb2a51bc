package match

import "unicode"

// Flags that stand in expressions but are not for callers.
const (
	unicodeFlag  Flags = 32 // (?u), the default
	templateFlag Flags = 1  // (?t), which does nothing
	localeFlag   Flags = 4  // (?L), which a text pattern refuses
	typeFlags          = ASCII | unicodeFlag | localeFlag
)

// flagBits returns the flag a letter stands for, or 0.
func flagBits(tok string) Flags {
	switch tok {
	case "i":
		return IgnoreCase
	case "m":
		return Multiline
	case "s":
		return DotAll
	case "x":
		return Verbose
	case "a":
		return ASCII
	case "u":
		return unicodeFlag
	case "L":
		return localeFlag
	}
	return 0
}

// flagGroup reads (?i), which returns nil, or (?i-m:…).
func (p *parser) flagGroup(tok string, start int, flags Flags, depth int, first bool) *node {
	var add, del Flags
	if tok != "-" {
		add, tok = p.addedFlags(tok)
	}
	if tok == ")" {
		p.setGlobal(add, start, first)
		return nil
	}
	if tok == "-" {
		del = p.removedFlags()
	}
	if add&del != 0 {
		p.fail(p.pos()-1, "bad inline flags: flag turned on and off")
	}
	if add&typeFlags != 0 {
		flags &^= typeFlags
	}
	return p.plain(start, (flags|add)&^del, depth)
}

func (p *parser) setGlobal(add Flags, start int, first bool) {
	p.global |= add
	if !first {
		p.fail(start, "global flags not at the start of the expression")
	}
	if p.global&ASCII != 0 && p.global&unicodeFlag != 0 {
		p.fail(start, "ASCII and UNICODE flags are incompatible")
	}
}

// addedFlags reads letters up to ")", "-" or ":", which it returns too.
func (p *parser) addedFlags(tok string) (add Flags, end string) {
	for {
		flag := flagBits(tok)
		if flag == localeFlag {
			p.fail(p.pos(), "bad inline flags: cannot use 'L' flag with a str pattern")
		}
		add |= flag
		if flag&typeFlags != 0 && add&typeFlags != flag {
			p.fail(p.pos(), "bad inline flags: flags 'a', 'u' and 'L' are incompatible")
		}
		tok = p.flagLetter("missing -, : or )", ")-:")
		if flagBits(tok) == 0 {
			return add, tok
		}
	}
}

// removedFlags reads the letters after "-" up to ":".
func (p *parser) removedFlags() (del Flags) {
	for tok := p.flagLetter("missing flag", ""); tok != ":"; tok = p.flagLetter("missing :", ":") {
		flag := flagBits(tok)
		if flag&typeFlags != 0 {
			p.fail(p.pos(), "bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
		}
		del |= flag
	}
	return del
}

// flagLetter takes a letter of a flag or one of the ends; missing is the message if there is neither.
func (p *parser) flagLetter(missing, ends string) string {
	at := p.pos()
	if p.nextIn(ends) {
		return p.get()
	}
	tok := p.get()
	if tok == "" {
		p.fail(p.pos(), missing)
	}
	if flagBits(tok) == 0 {
		if r := firstRune(tok); unicode.IsLetter(r) {
			missing = "unknown flag"
		}
		p.fail(at, missing)
	}
	return tok
}
