package filter

import "testing"

// SampleDefinitions are the filters of fail2ban's samples as fail2ban resolves them: by name and options in JSON.
func SampleDefinitions(t *testing.T) map[[2]string]Definition {
	var all []wanted
	seen := map[wanted]bool{}
	for _, s := range readSamples(t) {
		if !seen[s.options] {
			seen[s.options] = true
			all = append(all, s.options)
		}
	}
	found := map[[2]string]Definition{}
	for w, d := range definitions(t, all) {
		found[[2]string{w.name, w.options}] = d
	}
	return found
}
