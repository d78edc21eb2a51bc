package ini

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that no configuration written by people comes near.
const (
	maxFileSize = 4 << 20
	maxOptions  = 5000 // of one section
	maxSections = 5000 // of one file
)

// A scanner folds the physical lines of one file into options. The dialect is that of Python's configparser as
// fail2ban sets it up: `=` or `:`, values continued by deeper indented lines, `#` and `;` comment lines, and comments
// behind a value only after blank and `;`.
type scanner struct {
	draft
	section *heading // nil before the first header
	indent  int

	option string // whose value is being read; "" when none is
	twice  bool   // the option was set before
	value  []string
	lines  []int
	ended  bool // there is too much to read on

	faults   []*Fault
	warnings []*Fault
}

// scan reads one file with the help of a shelf. What is wrong in the file is left out of the result and reported.
func scan(on *shelf, src *Source, text string) (f *file, faults, warnings []*Fault) {
	s := &scanner{draft: draft{shelf: on, source: src}}
	if len(text) > maxFileSize {
		s.fault(0, "", fmt.Sprintf("the file is larger than %d bytes", maxFileSize), "")
		return s.finish(), s.faults, s.warnings
	}
	if at := invalid(text); at > 0 {
		s.fault(at, "", "the text is not UTF-8", "save the file as UTF-8; fail2ban would leave it out altogether")
		return s.finish(), s.faults, s.warnings
	}
	if strings.Contains(text, "\r") {
		text = universalNewlines.Replace(text)
	}
	no := 0
	for line := range strings.Lines(text) {
		if no++; s.ended {
			break
		}
		s.line(no, strings.TrimSuffix(line, "\n"))
	}
	s.close()
	return s.finish(), s.faults, s.warnings
}

var universalNewlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// invalid is the number of the first line that is not UTF-8, or 0.
func invalid(text string) int {
	if utf8.ValidString(text) {
		return 0
	}
	line := 1
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			return line
		}
		if r == '\n' {
			line++
		}
		text = text[n:]
	}
	return line
}

func (s *scanner) line(no int, line string) {
	text, comment := strip(line)
	if comment && text != "" {
		defer s.warnOfCut(no, line, text)
	}
	if text == "" {
		if !comment && s.option != "" {
			s.append(no, "")
		}
		return
	}
	indent := len(line) - len(strings.TrimLeftFunc(line, isSpace))
	if s.option != "" && indent > s.indent {
		s.append(no, text)
		return
	}
	s.indent = indent
	if header, ok := header(text); ok {
		s.begin(no, header)
		return
	}
	s.begins(no, text)
}

// warnOfCut warns where what a semicolon cut off was hardly meant as a comment.
func (s *scanner) warnOfCut(no int, line, text string) {
	if !slices.Contains(scripts, s.option) {
		return
	}
	cut := strings.TrimPrefix(trim(line), text)
	s.warnings = append(s.warnings, &Fault{
		File: s.source.Path, Line: no, Chain: s.source.Chain, Section: s.section.Name(), Option: s.option,
		Message: fmt.Sprintf("a semicolon behind a blank begins a comment, so %s is left out", quote(trim(cut))),
		Hint:    "leave no blank before the semicolon",
	})
}

// scripts are the options in which semicolons mean something.
var scripts = []string{"actionstart", "actionstop", "actionflush", "actionreload", "actioncheck", "actionrepair", "actionban", "actionprolong",
	"actionreban", "actionunban", "failregex", "ignoreregex", "prefregex", "datepattern"}

func (s *scanner) append(no int, text string) {
	s.value = append(s.value, text)
	s.lines = append(s.lines, no)
}

func (s *scanner) begin(no int, header string) {
	s.close()
	was := s.heading(header)
	if was == nil && len(s.headings) >= maxSections {
		s.section = nil
		s.fault(no, "", fmt.Sprintf("the file has more than %d sections", maxSections), "")
		s.ended = true
		return
	}
	section, err := s.draft.begin(header, no)
	if err != nil {
		s.fault(no, "", err.Error(), "")
		return
	}
	s.section = section
	if was != nil && header != DefaultSection {
		s.fault(no, "", fmt.Sprintf("the section stands in this file twice, first in line %d", was.line),
			"put all its options under one header")
	}
}

// headless reports the first line of a file that stands before its first section. Of what editors put
// before all text nothing is seen on a screen.
func (s *scanner) headless(no int, text string) {
	const mark = "\ufeff"
	switch {
	case len(s.faults) > 0:
	case strings.HasPrefix(text, mark):
		s.fault(no, "", fmt.Sprintf("the file begins with a byte order mark: %s", quote(text)),
			"save it as UTF-8 without a byte order mark (BOM)")
	case strings.HasPrefix(text, "["):
		s.fault(no, "", fmt.Sprintf("%s is no section", quote(text)), "close it with ]")
	default:
		s.fault(no, "", fmt.Sprintf("text before the first section: %s", quote(text)),
			"begin the file with a section such as [DEFAULT] or [Definition]")
	}
}

// begins reads the first line of an option.
func (s *scanner) begins(no int, text string) {
	if s.section == nil {
		s.headless(no, text)
		return
	}
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		s.fault(no, "", fmt.Sprintf("neither an option nor a section: %s", quote(text)),
			"write `option = value`; indent the line to continue the value above it")
		return
	}
	option := strings.ToLower(trim(text[:i]))
	if option == "" {
		s.fault(no, "", fmt.Sprintf("a value without an option: %s", quote(text)), "write `option = value`")
		return
	}
	s.close()
	was := s.section.find(option)
	if s.twice = was != nil; s.twice {
		s.fault(no, option, fmt.Sprintf("the option is set twice in this section, first in line %d", was.at.Line(0)),
			"keep one of the two; several values of one option go on indented lines")
	}
	s.option = option
	s.append(no, trim(text[i+1:]))
}

// close ends the value being read and keeps it, unless the option had one before.
func (s *scanner) close() {
	option, value, lines := s.option, strings.TrimRightFunc(strings.Join(s.value, "\n"), isSpace), s.lines
	s.option, s.value, s.lines = "", s.value[:0], s.lines[:0]
	if option == "" || s.twice {
		return
	}
	if len(s.section.keys) >= maxOptions {
		s.full(lines[0], option)
		return
	}
	if err := s.add(s.section, option, value, lines); err != nil {
		s.fault(lines[0], option, err.Error(), "")
	}
}

// full says once that there are too many options.
func (s *scanner) full(line int, option string) {
	message := fmt.Sprintf("the section has more than %d options", maxOptions)
	if n := len(s.faults); n == 0 || s.faults[n-1].Message != message {
		s.fault(line, option, message, "")
	}
}

func (s *scanner) fault(line int, option, message, hint string) {
	section := ""
	if s.section != nil {
		section = s.section.Name()
	}
	s.faults = append(s.faults, &Fault{File: s.source.Path, Line: line, Section: section, Option: option, Message: message, Hint: hint,
		Chain: s.source.Chain})
}

// strip removes comments and blanks around the text of a line.
func strip(line string) (text string, comment bool) {
	text = trim(line)
	if strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
		return "", true
	}
	for i := 0; ; i++ {
		j := strings.IndexByte(line[i:], ';')
		if j < 0 {
			return text, false
		}
		i += j
		if before, _ := utf8.DecodeLastRuneInString(line[:i]); i > 0 && isSpace(before) {
			return trim(line[:i]), true
		}
	}
}

// header reads a section's header. What stands behind the last bracket is ignored, as configparser does.
func header(text string) (string, bool) {
	end := strings.LastIndexByte(text, ']')
	if !strings.HasPrefix(text, "[") || end < 2 {
		return "", false
	}
	return text[1:end], true
}

// trim removes white space around a text.
func trim(s string) string {
	t := strings.TrimSpace(s)
	if t != "" && (t[0] < ' ' || t[len(t)-1] < ' ') {
		return strings.TrimFunc(t, isSpace)
	}
	return t
}

// isSpace is Python's idea of white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func quote(text string) string {
	if len(text) > 60 {
		cut := 57
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "..."
	}
	return fmt.Sprintf("%q", text)
}
