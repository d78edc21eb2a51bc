package metrics

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// A Sample is one value at the moment of a scrape.
type Sample struct {
	Name   string   // one of the constants in names.go
	Labels []string // the values of its labels, in the order noted there
	Value  float64
}

// mirror is the collector of samples.
type mirror struct {
	state func() []Sample
	kinds map[string]kind
}

type kind struct {
	desc *prometheus.Desc
	of   prometheus.ValueType
}

func newMirror(state func() []Sample) *mirror {
	const total, now = prometheus.CounterValue, prometheus.GaugeValue
	m := &mirror{state, map[string]kind{}}
	for _, k := range []struct {
		name, help string
		of         prometheus.ValueType
		labels     []string
	}{
		{ActiveBans, "Bans in force.", now, []string{"jail", "family"}},
		{FailingSubjects, "Subjects with failures that are not banned.", now, []string{"jail"}},
		{FirewallInfo, "Always 1; the label says which firewall bans.", now, []string{"backend"}},
		{StoreWaiting, "Bans, unbans and positions that are not saved yet.", now, nil},
		{FirewallRepairs, "Times sets, chains or rules had to be set right.", total, nil},
		{FirewallDiverges, "Bans that the kernel does not hold, of those looked at in the last minute.", now, []string{"jail"}},
		{FirewallCuts, "Connections cut because their source was banned.", total, nil},
		{JailsLeftOut, "Enabled jails that do not run, for faults in their configuration.", now, nil},
		{Problems, "Whether something is wrong with the daemon, by kind: 0 or 1.", now, []string{"kind"}},
		{LogDropped, "Lines of the log that were dropped because it could not be written.", total, nil},
		{FilesOpen, "Log files held open.", now, nil},
		{FileRotations, "Log files that gave way to another under their path.", total, nil},
		{FileTruncations, "Log files that were cut or written anew in place.", total, nil},
		{FileErrors, "Log files that could not be opened or read; a lasting fault counts once.", total, nil},
		{FileCutLines, "Lines longer than 64 KiB, which were cut.", total, nil},
		{FileBadBytes, "Invalid byte sequences replaced by U+FFFD.", total, nil},
		{JournalEntries, "Journal entries read.", total, nil},
		{JournalGaps, "Times journal entries were gone before they could be read.", total, nil},
		{JournalLost, "Journal entries that were gone, where their number is known.", total, nil},
		{JournalGapTime, "Time covered by journal entries that were gone.", total, nil},
		{JournalDropped, "Entries that journald itself dropped by its rate limit.", total, nil},
		{JournalBadFiles, "Journal files given up as corrupt or unreadable.", total, nil},
		{JournalBadData, "Corrupt journal entries passed over.", total, nil},
		{JournalOpenFiles, "Journal files held open.", now, nil},
	} {
		m.kinds[k.name] = kind{prometheus.NewDesc(k.name, k.help, k.labels, nil), k.of}
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *mirror) Describe(ch chan<- *prometheus.Desc) {
	for _, k := range m.kinds {
		ch <- k.desc
	}
}

// Collect implements prometheus.Collector.
func (m *mirror) Collect(ch chan<- prometheus.Metric) {
	for _, s := range m.state() {
		k, known := m.kinds[s.Name]
		if !known {
			ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("bailiff_unknown", "A sample without a kind.", nil, nil),
				fmt.Errorf("no metric is called %q", s.Name))
			continue
		}
		metric, err := prometheus.NewConstMetric(k.desc, k.of, s.Value, s.Labels...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(k.desc, err)
		}
		ch <- metric
	}
}
