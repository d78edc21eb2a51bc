package config

import (
	"slices"
	"strings"

	"bailiff/jails/ini"
)

// warnMisspelt warns of options of jails that nothing reads and whose names are nearly those of options. Of other names
// it says nothing: people define variables of their own in jails. Jails that are not enabled count, for that may be why.
func (b *builder) warnMisspelt() {
	for _, section := range append(b.jailNames(), ini.DefaultSection) {
		for _, name := range b.all.Options(section) {
			if meant := nearly(name); meant != "" && !b.referred(name) {
				v, _ := b.all.Own(section, name)
				b.warn(v.Fault(0, section, name, "there is no such option", "did you mean "+meant+"?"))
			}
		}
	}
}

// referred tells whether an option of a jail is made of the option of the name.
func (b *builder) referred(name string) bool {
	in := func(v ini.Value) bool {
		text := strings.ToLower(v.Text)
		return strings.Contains(text, "("+name+")") || strings.Contains(text, "/"+name+")")
	}
	for _, section := range append(b.jailNames(), ini.DefaultSection) {
		for _, option := range b.all.Options(section) {
			now, _ := b.all.Own(section, option)
			before, _ := b.all.Known(section, option)
			if in(now) || in(before) {
				return true
			}
		}
	}
	return false
}

// variables of fail2ban's own jail.conf whose names are nearly those of options.
var stockVariables = []string{"action_"}

// nearly is the option whose name is written with a slip or two, "" when the name is none of them or right.
func nearly(name string) string {
	if strings.HasPrefix(name, knownPrefix) || isOneOf(jailOptions, name) || isOneOf(ownOptions, name) || slices.Contains(stockVariables, name) {
		return ""
	}
	var names []string
	for _, o := range slices.Concat(jailOptions, ownOptions) {
		names = append(names, o.name)
	}
	return Nearest(name, names)
}

// Nearest is the one of the words that a word was perhaps meant to be, written with a slip or two; "" for none.
func Nearest(word string, words []string) string {
	best, meant := 3, ""
	for _, w := range words {
		slips := 2
		if len(w) < 6 {
			slips = 1
		}
		if longer := len(word) - len(w); longer > slips || -longer > slips {
			continue
		}
		if d := distance(word, w); d <= slips && d < best {
			best, meant = d, w
		}
	}
	return meant
}

// distance is how many letters have to be added, left out, changed, or swapped with their neighbour to make one word of
// the other.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
