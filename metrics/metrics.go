// Package metrics counts what bailiff does, for Prometheus. One struct holds every metric, names.go all their names; a
// nil *Metrics is off. Labels are jail, family, source, backend and kind, never an address.
package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics holds every metric and the registry they are in. Its methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	lines     *prometheus.CounterVec
	matches   *prometheus.CounterVec
	givenUp   *prometheus.CounterVec
	failures  *prometheus.CounterVec
	nameless  *prometheus.CounterVec
	bans      *prometheus.CounterVec
	unbans    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	timeToBan *prometheus.HistogramVec
	reloadOK  prometheus.Gauge
	reloaded  prometheus.Gauge
}

// New returns metrics of this version of the program, all of them zero. At every scrape it asks state, which may be
// nil, for the values that mirror what others hold; state must be safe for concurrent use.
func New(version string, state func() []Sample) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		lines:     counter(linesTotal, "Lines read for the jail, by kind of source.", "jail", "source"),
		matches:   counter(matchesTotal, "Lines that a regex of the jail's filter matched.", "jail"),
		givenUp:   counter(givenUpTotal, "Searches that exceeded their budget of steps and were given up.", "jail"),
		failures:  counter(failuresTotal, "Failures counted against somebody.", "jail"),
		nameless:  counter(unresolvedTotal, "Failures that nobody is blamed for, since a host name could not be looked up.", "jail"),
		bans:      counter(bansTotal, "Bans made, by hand or by the jail.", "jail", "family"),
		unbans:    counter(unbansTotal, "Bans that ended, by themselves or by hand.", "jail", "family"),
		refused:   counter(refusedTotal, "Bans that the firewall did not take, each try counted.", "jail"),
		timeToBan: histogram(timeToBanSeconds, "Time from the last failure's own time stamp to the kernel's acknowledgement of the ban.", "jail"),
		reloadOK:  gauge(reloadSuccessful, "Whether the configuration in the files is the one in force."),
		reloaded:  gauge(reloadSuccessTime, "When the configuration in force was loaded."),
	}
	build := gauge(buildInfo, "Always 1; the labels say what is running.")
	build.Set(1)
	m.registry.MustRegister(m.matches, m.givenUp, m.failures, m.nameless, m.bans, m.unbans, m.refused, m.lines, m.timeToBan, m.reloadOK, m.reloaded,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.Labels{"version": version, "goversion": runtime.Version(), "goarch": runtime.GOARCH}
	prometheus.WrapRegistererWith(info, m.registry).MustRegister(build)
	if state != nil {
		m.registry.MustRegister(newMirror(state))
	}
	return m
}

// Lines counts n lines that the jail read from a kind of source.
func (m *Metrics) Lines(jail, source string, n int) {
	if m != nil {
		m.lines.WithLabelValues(jail, source).Add(float64(n))
	}
}

// Matches counts n lines that the jail's filter matched.
func (m *Metrics) Matches(jail string, n int) {
	if m != nil {
		m.matches.WithLabelValues(jail).Add(float64(n))
	}
}

// GaveUp counts a search that exceeded its budget of steps.
func (m *Metrics) GaveUp(jail string) {
	if m != nil {
		m.givenUp.WithLabelValues(jail).Inc()
	}
}

// Failures counts n failures.
func (m *Metrics) Failures(jail string, n int) {
	if m != nil {
		m.failures.WithLabelValues(jail).Add(float64(n))
	}
}

// Unresolved counts a failure of a host whose name could not be looked up.
func (m *Metrics) Unresolved(jail string) {
	if m != nil {
		m.nameless.WithLabelValues(jail).Inc()
	}
}

// Ban counts a ban of a subject of the family.
func (m *Metrics) Ban(jail, family string) {
	if m != nil {
		m.bans.WithLabelValues(jail, family).Inc()
	}
}

// Unban counts the end of a ban.
func (m *Metrics) Unban(jail, family string) {
	if m != nil {
		m.unbans.WithLabelValues(jail, family).Inc()
	}
}

// Refused counts a ban that the firewall did not take.
func (m *Metrics) Refused(jail string) {
	if m != nil {
		m.refused.WithLabelValues(jail).Inc()
	}
}

// TimeToBan observes how long a ban took from the entry's own time stamp to the kernel's acknowledgement.
func (m *Metrics) TimeToBan(jail string, d time.Duration) {
	if m != nil {
		m.timeToBan.WithLabelValues(jail).Observe(d.Seconds())
	}
}

// Loaded says whether the configuration was loaded just now, or the old one had to stay.
func (m *Metrics) Loaded(ok bool) {
	if m == nil {
		return
	}
	if !ok {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloaded.SetToCurrentTime()
}

// Jail makes the jail's series exist at zero, so that the first ban is an increase and not a new series.
func (m *Metrics) Jail(jail string) {
	if m == nil {
		return
	}
	m.matches.WithLabelValues(jail)
	m.failures.WithLabelValues(jail)
	m.nameless.WithLabelValues(jail)
	m.givenUp.WithLabelValues(jail)
	m.timeToBan.WithLabelValues(jail)
	m.refused.WithLabelValues(jail)
	for _, family := range []string{"inet4", "inet6"} {
		m.bans.WithLabelValues(jail, family)
		m.unbans.WithLabelValues(jail, family)
	}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}
