package filefollow

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// CheckEncoding tells what is wrong with the name of an encoding, nil when it can be followed.
// Names are as Python and IANA spell them, without regard to case, '-' and '_'.
func CheckEncoding(name string) error {
	_, _, err := findEncoding(name)
	return err
}

// DescribeEncoding says how an encoding that there is no table of is read; "" when it is read as it
// is.
func DescribeEncoding(name string) string {
	name = plainName(name)
	switch canonical := aliases[name]; {
	case ebcdic[canonical]:
		return canonical + " is no superset of ASCII: lines of such files are not found, nor by fail2ban"
	case standIns[canonical] != "":
		return fmt.Sprintf("there is no table for %s: the file is read as %s, "+
			"and only what both have in common is right", canonical, standIns[canonical])
	}
	return ""
}

// findEncoding gives the encoding of a name, nil for UTF-8, and the width of its line end in bytes.
func findEncoding(name string) (enc encoding.Encoding, width int, err error) {
	given, plain := name, plainName(name)
	if canonical, ok := aliases[plain]; ok {
		plain = canonical
	}
	if other, ok := standIns[plain]; ok {
		plain = aliases[other]
	}
	switch plain {
	case "ascii":
		plain = "us_ascii" // the indexes disagree about the other name
	case "", "auto", "utf_8", "utf_8_sig":
		return nil, 1, nil
	case "utf_16", "utf_16_le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2, nil
	case "utf_16_be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), -2, nil
	case "utf_32", "utf_32_le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), 4, nil
	case "utf_32_be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), -4, nil
	}
	if page, ok := pages[plain]; ok {
		return page, 1, nil
	}
	if enc := indexed(plain); enc != nil {
		return enc, 1, nil
	}
	return nil, 0, fmt.Errorf("unknown encoding %q", strings.ToLower(strings.TrimSpace(given)))
}

// indexed looks a name up where the Internet's standards list theirs.
func indexed(name string) encoding.Encoding {
	name = strings.ReplaceAll(name, "_", "-")
	iso := strings.Replace(name, "iso8859", "iso-8859", 1)
	for _, try := range []string{name, iso, strings.ReplaceAll(name, "-", "")} {
		if enc, err := ianaindex.IANA.Encoding(try); err == nil && enc != nil {
			return enc
		}
		if enc, err := htmlindex.Get(try); err == nil {
			return enc
		}
	}
	return nil
}

// plainName writes a name in small letters and digits, with an underscore for whatever stands
// between them.
func plainName(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if r < '0' || r > '9' && r < 'a' || r > 'z' {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// pages are encodings that the indexes list under no name of Python's.
var pages = map[string]encoding.Encoding{
	"cp037": charmap.CodePage037, "cp858": charmap.CodePage858, "cp874": charmap.Windows874,
	"cp1140": charmap.CodePage1140, "mac_roman": charmap.Macintosh,
	"mac_cyrillic": charmap.MacintoshCyrillic, "tis_620": charmap.Windows874,
	"iso8859_11": charmap.Windows874, "cp932": japanese.ShiftJIS, "shift_jis": japanese.ShiftJIS,
	"euc_jp": japanese.EUCJP, "iso2022_jp": japanese.ISO2022JP, "cp949": korean.EUCKR,
	"euc_kr": korean.EUCKR, "gb2312": simplifiedchinese.GBK, "gbk": simplifiedchinese.GBK,
	"gb18030": simplifiedchinese.GB18030, "hz": simplifiedchinese.HZGB2312,
	"big5": traditionalchinese.Big5, "cp950": traditionalchinese.Big5,
	"big5hkscs": traditionalchinese.Big5,
}

// standIns are read in place of encodings that there is no table of. They have ASCII in common, and
// mostly more.
var standIns = map[string]string{
	"shift_jis_2004": "shift_jis", "shift_jisx0213": "shift_jis", "euc_jis_2004": "euc_jp",
	"euc_jisx0213": "euc_jp", "iso2022_jp_1": "iso2022_jp", "iso2022_jp_2": "iso2022_jp",
	"iso2022_jp_3": "iso2022_jp", "iso2022_jp_2004": "iso2022_jp", "iso2022_jp_ext": "iso2022_jp",
	"iso2022_kr": "ascii", "johab": "euc_kr", "utf_7": "ascii", "idna": "ascii",
	"punycode": "ascii", "charmap": "latin_1", "raw_unicode_escape": "latin_1",
	"unicode_escape": "latin_1", "cp1125": "cp866", "cp720": "cp437", "cp737": "cp437",
	"cp775": "cp437", "cp856": "cp862", "cp857": "cp850", "cp861": "cp437", "cp864": "cp437",
	"cp869": "cp437", "cp1006": "latin_1", "hp_roman8": "latin_1", "koi8_t": "koi8_r",
	"kz1048": "cp1251", "ptcp154": "cp1251", "palmos": "cp1252", "mac_arabic": "mac_roman",
	"mac_croatian": "mac_roman", "mac_farsi": "mac_roman", "mac_greek": "mac_roman",
	"mac_iceland": "mac_roman", "mac_latin2": "mac_roman", "mac_romanian": "mac_roman",
	"mac_turkish": "mac_roman", "cp273": "latin_1", "cp424": "latin_1", "cp500": "latin_1",
	"cp875": "latin_1", "cp1026": "latin_1",
}

// ebcdic are encodings whose line ends are no line ends of a log.
var ebcdic = map[string]bool{
	"cp037": true, "cp273": true, "cp424": true, "cp500": true, "cp875": true, "cp1026": true,
	"cp1140": true,
}
