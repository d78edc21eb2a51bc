package ini

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that no configuration written by people comes near.
const (
	maxFileSize = 4 << 20
	maxOptions  = 5000 // of one section
)

// A scanner folds the physical lines of one file into options. The dialect is that of Python's configparser as
// fail2ban sets it up: `=` or `:`, values continued by deeper indented lines, `#` and `;` comment lines, and comments
// behind a value only after blank and `;`.
type scanner struct {
	path    string
	file    *file
	section string
	inside  bool // a section header was seen
	indent  int
	first   map[name]int // the line where an option was first set
	count   int          // options of this section

	open   name // the option whose value is being read; option is "" when none
	value  []string
	lines  []int
	faults []*Fault
}

// scan reads one file. What is wrong in it is left out of the result and reported.
func scan(path string, text []byte) (*file, []*Fault) {
	s := &scanner{path: path, file: newFile(), first: map[name]int{}}
	if len(text) > maxFileSize {
		s.fault(0, "", fmt.Sprintf("the file is larger than %d bytes", maxFileSize), "")
		return s.file, s.faults
	}
	if at := invalid(text); at > 0 {
		s.fault(at, "", "the text is not UTF-8", "save the file as UTF-8; fail2ban would leave it out altogether")
		return s.file, s.faults
	}
	body := strings.TrimSuffix(universalNewlines.Replace(string(text)), "\n")
	for i, line := range strings.Split(body, "\n") {
		s.line(i+1, line)
	}
	s.close()
	return s.file, s.faults
}

var universalNewlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// invalid is the number of the first line that is not UTF-8, or 0.
func invalid(text []byte) int {
	if utf8.Valid(text) {
		return 0
	}
	line := 1
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
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
	if text == "" {
		if !comment && s.open.option != "" {
			s.append(no, "")
		}
		return
	}
	indent := len(line) - len(strings.TrimLeftFunc(line, isSpace))
	if s.open.option != "" && indent > s.indent {
		s.append(no, text)
		return
	}
	s.indent = indent
	if header, ok := header(text); ok {
		s.begin(no, header)
		return
	}
	s.option(no, text)
}

func (s *scanner) append(no int, text string) {
	s.value = append(s.value, text)
	s.lines = append(s.lines, no)
}

func (s *scanner) begin(no int, section string) {
	s.close()
	s.section, s.inside, s.count = section, true, 0
	if was, ok := s.file.headers[section]; ok && section != DefaultSection {
		s.fault(no, "", fmt.Sprintf("the section stands in this file twice, first in line %d", was),
			"put all its options under one header")
	} else if !ok {
		s.file.begin(section, no)
	}
}

func (s *scanner) option(no int, text string) {
	if !s.inside {
		s.fault(no, "", fmt.Sprintf("text before the first section: %s", quote(text)),
			"begin the file with a section such as [DEFAULT] or [Definition]")
		return
	}
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		s.fault(no, "", fmt.Sprintf("neither an option nor a section: %s", quote(text)),
			"write `option = value`; indent the line to continue the value above it")
		return
	}
	option := strings.ToLower(strings.TrimRightFunc(text[:i], isSpace))
	if option == "" {
		s.fault(no, "", fmt.Sprintf("a value without an option: %s", quote(text)), "write `option = value`")
		return
	}
	s.close()
	n := name{s.section, option}
	if was, ok := s.first[n]; ok {
		s.fault(no, option, fmt.Sprintf("the option is set twice in this section, first in line %d", was),
			"keep one of the two; several values of one option go on indented lines")
	} else {
		s.first[n] = no
	}
	s.open = n
	s.append(no, strings.TrimLeftFunc(text[i+1:], isSpace))
}

// close ends the value being read and keeps it, unless the option had one before.
func (s *scanner) close() {
	n, lines := s.open, s.lines
	value := strings.TrimRightFunc(strings.Join(s.value, "\n"), isSpace)
	s.open, s.value, s.lines = name{}, nil, nil
	if n.option == "" || len(lines) == 0 || s.first[n] != lines[0] {
		return
	}
	if s.count++; s.count > maxOptions {
		if s.count == maxOptions+1 {
			s.fault(lines[0], n.option, fmt.Sprintf("the section has more than %d options", maxOptions), "")
		}
		return
	}
	if err := s.file.add(n, value, lines); err != nil {
		s.fault(lines[0], n.option, err.Error(), "")
	}
}

func (s *scanner) fault(line int, option, message, hint string) {
	s.faults = append(s.faults, &Fault{File: s.path, Line: line, Section: s.section, Option: option, Message: message, Hint: hint})
}

// strip removes comments and blanks around the text of a line.
func strip(line string) (text string, comment bool) {
	text = strings.TrimFunc(line, isSpace)
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
			return strings.TrimFunc(line[:i], isSpace), true
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
