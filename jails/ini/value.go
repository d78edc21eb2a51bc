package ini

// A Source is a file that was read, and how it was come upon.
type Source struct {
	Path  string   // as its user would name it
	Chain []string // the files that included it, outermost first
}

// A Value is the text of an option with the lines it stands on. The zero Value is an empty text from nowhere.
type Value struct {
	Text   string
	Source *Source // nil: set by the program, not by a file
	Lines  []int   // the line number of each line of Text as it was written
}

// Line is the number of the line where the nth line of the value stands, counted from 0; 0 when it is unknown.
func (v Value) Line(n int) int {
	if len(v.Lines) == 0 {
		return 0
	}
	return v.Lines[max(0, min(n, len(v.Lines)-1))]
}

// Fault is a fault of the nth line of the value.
func (v Value) Fault(n int, section, option, message, hint string) *Fault {
	f := &Fault{Line: v.Line(n), Section: section, Option: option, Message: message, Hint: hint}
	if v.Source != nil {
		f.File, f.Chain = v.Source.Path, v.Source.Chain
	}
	return f
}
