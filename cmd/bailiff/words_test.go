package main

import (
	"strings"
	"testing"
)

// TestMisreadWords has for each kind of word that is no address what is said of it, and that it is none.
func TestMisreadWords(t *testing.T) {
	for word, want := range map[string][2]string{
		"":                           {"an empty word names nobody", "write 192.0.2.1"},
		"  ":                         {"an empty word names nobody", "write 192.0.2.1"},
		"192":                        {`"192" is not a whole address`, "192.0.0.0/8"},
		"192.0.2":                    {`"192.0.2" is not a whole address`, "192.0.2.0/24"},
		"192.0.":                     {`"192.0." is not a whole address`, "192.0.0.0/16"},
		"10.0/16":                    {`"10.0/16" is not a whole address`, "10.0.0.0/16"},
		"192.0.2.256":                {`"192.0.2.256" is no address: its numbers go from 0 to 255`, ""},
		"192.000.002.001":            {"without leading zeros", ""},
		"192.0.2.1.5":                {`"192.0.2.1.5" is neither an address nor a network`, howToWrite},
		"192.0.2.0/33":               {`"33" is not a number of bits that 192.0.2.0 has`, ""},
		"192.0.2.0/-1":               {`"-1" is not a number of bits`, ""},
		"192.0.2.0/255.255.255.0":    {"has a netmask", "write 192.0.2.0/24"},
		"192.0.2.0/255.0.255.0":      {`"255.0.255.0" is not a number of bits`, ""},
		"192.0.2.0/0.0.0.255":        {`"0.0.0.255" is not a number of bits`, ""},
		"192.0.2.1,192.0.2.2":        {"is more than one address", "a word of its own"},
		"192.0.2.1 2001:db8::1":      {"is more than one address", "a word of its own"},
		"192.0.2.0/24\n192.0.3.0/24": {"is more than one address", "a word of its own"},
		"192.0.2.0/":                 {`"" is not a number of bits`, ""},
		"2001:db8::/129":             {`"129" is not a number of bits`, ""},
		"192.0.2.1:22":               {"is an address and a port", "leave the port out: 192.0.2.1"},
		"[2001:db8::1]:22":           {"is an address and a port", "leave the port out: 2001:db8::1"},
		"2001:db8":                   {"is neither an address nor a network", howToWrite},
		"2001:db8::1::2":             {"is neither an address nor a network", howToWrite},
		"fe80::1%eth0/64":            {"names a zone", "leave the zone out: fe80::1/64"},
		"[fe80::1%eth0":              {"names a zone", "leave the zone out"},
		"192.0.2.*":                  {"is neither an address nor a network", "write a range as networks"},
		"192.0.2.1-192.0.2.9":        {"is neither an address nor a network", "write a range as networks"},
		"2001:db8::1 - 2001:db8::9":  {"is neither an address nor a network", "write a range as networks"},
		"host.example":               {"is neither an address nor a network", "names are not looked up"},
		"Ümlaut\x00":                 {"is neither an address nor a network", "names are not looked up"},
	} {
		if s, err := parseSubject(word); err == nil && !strings.Contains(word, "%") { // a zone is left out, but where somebody is to be banned
			t.Errorf("%q is %v", word, s)
		}
		reason, hint := misread(word)
		if !strings.Contains(reason, want[0]) || !strings.Contains(hint, want[1]) {
			t.Errorf("%q: %s; %s\nwant %s", word, reason, hint, want)
		}
	}
	for word, want := range map[string]string{"[2001:DB8::1]": "2001:db8::1", "[2001:db8::1]/32": "2001:db8::/32", " 192.0.2.1\n": "192.0.2.1",
		"::ffff:192.0.2.1": "192.0.2.1", "::FFFF:192.0.2.9/120": "192.0.2.0/24", "192.0.2.77/24": "192.0.2.0/24"} {
		if s, err := parseSubject(word); err != nil || s.String() != want {
			t.Errorf("%q is %v, %v", word, s, err)
		}
	}
}
