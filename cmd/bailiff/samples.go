package main

import "bailiff/metrics"

// samples is what metrics mirror at a scrape: what jails and firewall hold, and what the leaves count.
func (d *daemon) samples() []metrics.Sample {
	status := d.firewall.Status()
	all := []metrics.Sample{{Name: metrics.FirewallInfo, Labels: []string{status.Backend}, Value: 1}}
	c, running := d.state()
	all = append(all, metrics.Sample{Name: metrics.JailsLeftOut, Value: float64(len(c.LeftOut))})
	for _, j := range running {
		families := map[string]int{"inet4": 0, "inet6": 0}
		for _, b := range j.Bans() {
			families[b.Subject.Family()]++
		}
		for family, n := range families {
			all = append(all, metrics.Sample{Name: metrics.ActiveBans, Labels: []string{j.Name, family}, Value: float64(n)})
		}
		all = append(all, metrics.Sample{Name: metrics.FailingSubjects, Labels: []string{j.Name}, Value: float64(j.Status().Failing)})
		all = append(all, metrics.Sample{Name: metrics.FirewallDiverges, Labels: []string{j.Name}, Value: float64(d.diverged.of(j.Name))})
	}
	all = append(all, d.problems.samples()...)
	for name, v := range d.counts() {
		all = append(all, metrics.Sample{Name: name, Value: float64(v)})
	}
	return all
}

// counts are the counters of the leaves, which know no metrics.
func (d *daemon) counts() map[string]int64 {
	w, f, j := &d.firewall.Counters, &d.sources.files, &d.sources.journals
	return map[string]int64{
		metrics.FirewallRepairs:  w.Repairs.Load(),
		metrics.FirewallCuts:     w.Connections.Load(),
		metrics.LogDropped:       int64(d.lines.Dropped()),
		metrics.StoreWaiting:     int64(d.stored.queue.Waiting()),
		metrics.FilesOpen:        f.Files.Load(),
		metrics.FileRotations:    f.Rotations.Load(),
		metrics.FileTruncations:  f.Truncations.Load(),
		metrics.FileErrors:       f.Errors.Load(),
		metrics.FileCutLines:     f.CutLines.Load(),
		metrics.FileBadBytes:     f.BadBytes.Load(),
		metrics.JournalEntries:   int64(j.Entries.Load()),
		metrics.JournalGaps:      int64(j.Gaps.Load()),
		metrics.JournalLost:      int64(j.GapEntries.Load()),
		metrics.JournalGapTime:   int64(j.GapSeconds.Load()),
		metrics.JournalDropped:   int64(j.Suppressed.Load()),
		metrics.JournalBadFiles:  int64(j.BadFiles.Load()),
		metrics.JournalBadData:   int64(j.BadEntries.Load()),
		metrics.JournalOpenFiles: int64(j.FilesOpened.Load()) - int64(j.FilesClosed.Load()),
	}
}
