package ini

// A Source is a file that was read, and how it was come upon.
type Source struct {
	Path  string   // as its user would name it
	Chain []string // the files that included it, outermost first
}

// A Value is the text of an option and the place where it was written; without a Place it is the program's own.
type Value struct {
	Text string
	*Place
}

// A Place is where an option stands. A nil Place is nowhere.
type Place struct {
	Source *Source
	Lines  []int // the line number of each line of the value as it was written
}

// Line is the number of the line where the nth line of the value stands, counted from 0; 0 when it is unknown.
func (p *Place) Line(n int) int {
	if p == nil || len(p.Lines) == 0 {
		return 0
	}
	return p.Lines[max(0, min(n, len(p.Lines)-1))]
}

// Fault is a fault of the nth line of the value.
func (p *Place) Fault(n int, section, option, message, hint string) *Fault {
	f := &Fault{Line: p.Line(n), Section: section, Option: option, Message: message, Hint: hint}
	if p != nil {
		f.File, f.Chain = p.Source.Path, p.Source.Chain
	}
	return f
}
