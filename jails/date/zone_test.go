package date

import (
	"testing"
	"time"
)

// All names that could be an abbreviation are compared, and offsets around the borders of the form.
func TestZonesAgainstFail2ban(t *testing.T) {
	var names []string
	letters := func(prefix string) (longer []string) {
		for c := 'A'; c <= 'Z'; c++ {
			longer = append(longer, prefix+string(c))
		}
		return longer
	}
	for _, one := range letters("") {
		names = append(names, one)
		for _, two := range letters(one) {
			names = append(names, two)
			for _, three := range letters(two) {
				names = append(names, three)
				for _, suffix := range []string{"T", "ST", "DT", "TT", "SST", "AT", "X"} {
					names = append(names, three+suffix)
				}
			}
		}
	}
	for _, s := range []string{"", "UTC", "CET", "BST"} {
		for _, o := range []string{"", "+01", "-19", "+2", "+20", "+0130", "-01:30", "+01:3", "+0199", "+0١", "+01٣٤", " +01", "+01 ", "+01:00:00"} {
			names = append(names, s+o)
		}
	}
	var want []*int
	newOracle(t).ask(map[string]any{"zones": names}, &want)
	known := 0
	for i, name := range names {
		zone, err := ParseZone(name)
		switch {
		case err != nil && want[i] != nil:
			t.Errorf("%q: %v, want %d minutes", name, err, *want[i])
		case err == nil && want[i] == nil:
			t.Errorf("%q: taken as %v", name, zone)
		case err == nil:
			known++
			if _, offset := time.Unix(0, 0).In(zone).Zone(); offset != *want[i]*60 {
				t.Errorf("%q: %d s, want %d minutes", name, offset, *want[i])
			}
		}
	}
	if known < 200 {
		t.Errorf("only %d zones known", known)
	}
}
