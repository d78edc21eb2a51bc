package filefollow

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// CheckEncoding tells what is wrong with the name of an encoding, nil when it can be followed. Names are as Python and
// IANA spell them, without regard to case, '-' and '_'.
func CheckEncoding(name string) error {
	_, _, err := findEncoding(name)
	return err
}

// findEncoding gives the encoding of a name, nil for UTF-8, and the width of its line end in bytes.
func findEncoding(name string) (enc encoding.Encoding, width int, err error) {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	switch name {
	case "", "auto", "utf-8", "utf8", "u8", "utf-8-sig":
		return nil, 1, nil
	case "utf-16", "utf-16le", "utf-16-le", "utf16", "u16":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2, nil
	case "utf-16be", "utf-16-be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), -2, nil
	case "ascii", "646":
		name = "us-ascii"
	case "latin-1", "latin1", "latin", "l1", "iso8859-1", "8859", "cp819":
		name = "iso-8859-1"
	}
	for _, try := range []string{name, strings.Replace(name, "iso8859", "iso-8859", 1), strings.ReplaceAll(name, "-", "")} {
		if enc, err := ianaindex.IANA.Encoding(try); err == nil && enc != nil {
			return enc, 1, nil
		}
		if enc, err := htmlindex.Get(try); err == nil {
			return enc, 1, nil
		}
	}
	return nil, 0, fmt.Errorf("unknown encoding %q", name)
}
