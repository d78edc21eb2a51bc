package date

// A Template is one of a detector's templates as it stands after the lines it has seen.
type Template struct {
	Name    string  // fail2ban's
	Pattern string  // with strptime's directives; "" for the epochs
	Expr    string  // the regular expression
	Base    float64 // how easily it moves up in the list
	Weight  float64 // the same times the lines it decided, beside how far to the right its date was
	Hits    int     // lines it decided
}

// Templates returns the templates in the order in which they are tried next.
func (d *Detector) Templates() []Template {
	all := make([]Template, len(d.entries))
	for i, e := range d.entries {
		all[i] = Template{e.name, e.source, e.expr, e.template.weight, e.weight(), e.wins}
	}
	return all
}
