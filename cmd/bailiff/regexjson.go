package main

import (
	"encoding/json"
	"maps"
	"time"

	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// A regexObject is what --json prints of a match.
type regexObject struct {
	Line     int               `json:"line"`
	Filter   string            `json:"filter"`
	Regex    int               `json:"regex"`
	Host     string            `json:"host"`
	Addr     string            `json:"addr"`
	ID       string            `json:"id"`
	Time     string            `json:"time"`
	Attempts int               `json:"attempts"`
	NoFail   bool              `json:"nofail"`
	Ignored  bool              `json:"ignored"`
	Fields   map[string]string `json:"fields"`
}

// printJSON prints the matches of line n. What waits for its address is no failure yet.
func (t *regexTest) printJSON(n int, found []filter.Match) {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	for _, x := range found {
		o := regexObject{Line: n, Filter: t.definition.Name, Regex: x.Regex, Host: x.Host, Addr: addr(x.Subject), ID: x.ID,
			Attempts: max(1, len(x.Lines)), NoFail: x.NoFail || x.Pending, Ignored: x.Ignored, Fields: captures(x)}
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

// captures are the groups but for those that say what a line means for its connection.
func captures(x filter.Match) map[string]string {
	fields := map[string]string{}
	maps.Copy(fields, x.Fields)
	for _, name := range []string{"nofail", "mlfgained", "mlfforget", "mlfpending"} {
		delete(fields, name)
	}
	return fields
}
