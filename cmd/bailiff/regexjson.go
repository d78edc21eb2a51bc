package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// A regexObject is what --json prints of a match.
type regexObject struct {
	Line     int            `json:"line"`
	Filter   string         `json:"filter"`
	Regex    int            `json:"regex"`
	Host     string         `json:"host"`
	Addr     string         `json:"addr"`
	ID       string         `json:"id"`
	Time     string         `json:"time"`
	Attempts int            `json:"attempts"`
	NoFail   bool           `json:"nofail"`
	Ignored  bool           `json:"ignored"`
	Fields   map[string]any `json:"fields"` // a text, or an array of texts where a field may have several values
}

// printJSON prints the matches of line n. What waits for its address is no failure yet.
func (t *regexTest) printJSON(n int, l event.Line, found []filter.Match) {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	for _, x := range found {
		o := regexObject{Line: n, Filter: t.definition.Name, Regex: x.Regex, Host: x.Host, Addr: addr(x.Subject), ID: x.ID,
			Attempts: max(1, len(x.Lines)), NoFail: x.NoFail || x.Pending, Ignored: x.Ignored, Fields: captures(l, x)}
		if !x.Time.IsZero() {
			o.Time = x.Time.Local().Format(time.RFC3339Nano)
		}
		// Writing goes to a buffer, whose error is seen when it is flushed.
		_ = e.Encode(o)
	}
}

// addr is the subject's address or network, "" for an id.
func addr(s event.Subject) string {
	if _, ok := s.Prefix(); ok {
		return s.String()
	}
	return ""
}

// captures are the groups but for those that say what a line means for its connection, and the journal's fields.
func captures(l event.Line, x filter.Match) map[string]any {
	several := map[string][]string{}
	for _, f := range l.Fields {
		name := strings.ToLower(f.Name)
		several[name] = append(several[name], string(f.Value))
	}
	for _, g := range x.Groups {
		delete(several, g.Name)
		if g.Kind == filter.Literal {
			several[g.Name] = g.Values()
		}
	}
	fields := map[string]any{}
	for name, value := range x.Fields {
		fields[name] = value
		if values, ok := several[name]; ok && (len(values) > 1 || slices.ContainsFunc(x.Groups, func(g filter.Group) bool { return g.Name == name })) {
			fields[name] = values
		}
	}
	for _, name := range []string{"nofail", "mlfgained", "mlfforget", "mlfpending"} {
		delete(fields, name)
	}
	return fields
}
