package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"time"
)

// useTZ makes the local zone what TZ says where that is a rule in POSIX's form (CET-1CEST,M3.5.0,M10.5.0), which Go
// takes for UTC.
func useTZ() {
	rule := os.Getenv("TZ")
	if !strings.ContainsAny(rule, "0123456789") {
		return
	}
	if _, err := time.LoadLocation(strings.TrimPrefix(rule, ":")); err == nil {
		return
	}
	if zone, err := posixZone(rule); err == nil {
		time.Local = zone
	}
}

// posixZone is the zone of a POSIX rule. Go reads such rules only at the end of a zone file (RFC 8536), so it is given
// one that has no more than that.
func posixZone(rule string) (*time.Location, error) {
	var b bytes.Buffer
	for range 2 { // once in the old form, once in the new
		b.WriteString("TZif2" + strings.Repeat("\x00", 15))
		for _, n := range []uint32{0, 0, 0, 0, 1, 4} { // one kind of time, four letters of names
			// Writing to a buffer does not fail.
			_ = binary.Write(&b, binary.BigEndian, n)
		}
		b.WriteString("\x00\x00\x00\x00\x00\x00UTC\x00")
	}
	b.WriteString("\n" + rule + "\n")
	return time.LoadLocationFromTZData("Local", b.Bytes())
}
