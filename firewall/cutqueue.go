package firewall

import "slices"

// cutting turns on or off that Add wants connections cut, and tells where it says so.
func (fw *Firewall) cutting(on bool) <-chan struct{} {
	fw.mu.Lock()
	defer fw.mu.Unlock()
	fw.cutDue, fw.cuts = nil, nil
	if on {
		fw.cutDue = make(chan struct{}, 1)
	}
	return fw.cutDue
}

// wantCut has the connections of those who were banned cut.
func (fw *Firewall) wantCut(jail string, entries []entry) {
	i := slices.IndexFunc(fw.blocks, func(b block) bool { return b.jail == jail })
	if i < 0 || fw.cutDue == nil || fw.blocks[i].keep {
		return
	}
	c := cut{block: fw.blocks[i]}
	for _, e := range entries {
		c.prefixes = append(c.prefixes, e.prefix)
	}
	fw.cuts = append(fw.cuts, c)
	select {
	case fw.cutDue <- struct{}{}:
	default:
	}
}
