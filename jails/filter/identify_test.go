package filter

import (
	"net/netip"
	"testing"
)

func TestIDsThatReadAsAddresses(t *testing.T) {
	for _, c := range []struct {
		id, cooked string
		raw        bool // it is a subject of its own in raw mode too
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.0/24", "192.0.2.0/24", true},
		{"192.0.2.7/24", "192.0.2.0/24", false},
		{"192.0.2.7/255.255.255.0", "192.0.2.0/24", false},
		{"192.0.2.7/255.0.255.0", "", false},
		{"2001:DB8::1", "2001:db8::1", false},
		{"[2001:db8::1]", "2001:db8::1", false},
		{"2001:db8::1/ffff:ffff::", "2001:db8::/32", false},
		{"::ffff:192.0.2.1", "192.0.2.1", false},
		{"192.0.2.300", "", false},
		{"user/host", "", false},
		{"[]", "", false},
	} {
		s := parse(c.id, false)
		if got := s.String(); s.Family() == "" && (c.cooked != "" || got != c.id) || s.Family() != "" && got != c.cooked {
			t.Errorf("%s is %s, want %s", c.id, got, c.cooked)
		}
		if s := parse(c.id, true); s.String() != c.id || (s.Family() != "") != c.raw {
			t.Errorf("raw %s is %s of family %q", c.id, s, s.Family())
		}
	}
}

func FuzzParseIP4(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "1..2.3", "",
		"00.0.0.0", "1.2.3.", "::ffff:1.2.3.4", "9999999999999999999999.1.1.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		if got, ok := parseIP4([]byte(s)); ok != (err == nil && want.Is4()) || ok && got != want {
			t.Errorf("%q is %v, %v, want %v, %v", s, got, ok, want, err)
		}
	})
}
