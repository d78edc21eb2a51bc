package metrics

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write testdata/page.golden anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// busy returns metrics of a daemon that has done one of everything.
func busy() *Metrics {
	m := New("1.2.3", func() []Sample {
		return []Sample{
			{ActiveBans, []string{"sshd", "inet4"}, 2}, {ActiveBans, []string{"sshd", "inet6"}, 0},
			{FailingSubjects, []string{"sshd"}, 3}, {FirewallInfo, []string{"iptables"}, 1},
			{FirewallRepairs, nil, 2}, {FirewallDiverges, []string{"sshd"}, 0}, {FirewallCuts, nil, 3}, {StoreWaiting, nil, 2},
			{JailsLeftOut, nil, 2}, {Problems, []string{"jails_left_out"}, 1}, {Problems, []string{"old_configuration"}, 0}, {LogDropped, nil, 11},
			{FilesOpen, nil, 4}, {FileRotations, nil, 5},
			{FileTruncations, nil, 6}, {FileErrors, nil, 7}, {FileCutLines, nil, 8}, {FileBadBytes, nil, 9},
			{JournalEntries, nil, 1000}, {JournalGaps, nil, 1}, {JournalLost, nil, 40}, {JournalGapTime, nil, 7},
			{JournalDropped, nil, 112500}, {JournalBadFiles, nil, 1}, {JournalBadData, nil, 2}, {JournalOpenFiles, nil, 4},
		}
	})
	m.Jail("sshd")
	m.Lines("sshd", "journal", 1000)
	m.Lines("sshd", "files", 5)
	m.Matches("sshd", 1)
	m.GaveUp("sshd")
	m.Failures("sshd", 1)
	m.Unresolved("sshd")
	m.Ban("sshd", "inet4")
	m.Unban("sshd", "inet4")
	m.TimeToBan("sshd", 7*time.Millisecond)
	m.Loaded(true)
	m.Loaded(false)
	return m
}

// get asks the server's handler for a page.
func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

// ours is the part of the page that is not Go's or the process's.
func ours(page string) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		if strings.Contains(line, "bailiff_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// steady takes out what changes from run to run.
func steady(page string) string {
	s := regexp.MustCompile(`goarch="[^"]*",goversion="[^"]*"`).ReplaceAllString(page, `goarch="ARCH",goversion="GO"`)
	return regexp.MustCompile(`(timestamp_seconds) 1\.\d+e\+09`).ReplaceAllString(s, `$1 TIME`)
}

// The page is a contract with dashboards.
func TestPageIsGolden(t *testing.T) {
	code, page := get(t, &Server{Metrics: busy()}, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, page)
	}
	const golden = "testdata/page.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(steady(ours(page))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), steady(ours(page))); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if !strings.Contains(page, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
}

func TestPageFollowsTheConventions(t *testing.T) {
	_, page := get(t, &Server{Metrics: busy()}, "/metrics")
	problems, err := promlint.New(strings.NewReader(ours(page))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestNoMetricTellsAnAddress(t *testing.T) {
	families, err := busy().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"jail": true, "family": true, "source": true, "backend": true, "kind": true,
		"version": true, "goversion": true, "goarch": true}
	for _, f := range families {
		for _, metric := range f.Metric {
			for _, l := range metric.Label {
				if strings.HasPrefix(f.GetName(), "bailiff_") && !allowed[l.GetName()] {
					t.Errorf("%s has label %s", f.GetName(), l.GetName())
				}
			}
		}
	}
}

func TestUnknownSampleIsAnError(t *testing.T) {
	for _, s := range []Sample{{"bailiff_nonsense", nil, 1}, {ActiveBans, []string{"sshd"}, 1}} {
		m := New("1", func() []Sample { return []Sample{s} })
		if code, _ := get(t, &Server{Metrics: m}, "/metrics"); code != http.StatusInternalServerError {
			t.Errorf("%v: %d", s, code)
		}
	}
}

func TestNilIsOff(t *testing.T) {
	var m *Metrics
	m.Jail("sshd")
	m.Lines("sshd", "files", 1)
	m.Matches("sshd", 1)
	m.GaveUp("sshd")
	m.Failures("sshd", 1)
	m.Unresolved("sshd")
	m.Ban("sshd", "inet4")
	m.Unban("sshd", "inet4")
	m.TimeToBan("sshd", time.Second)
	m.Loaded(true)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := new(Server).Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestHealthz(t *testing.T) {
	for want, health := range map[string]func() error{
		"ok\n":                 nil,
		"the reader is away\n": func() error { return errors.New("the reader is away") },
	} {
		code, body := get(t, &Server{Metrics: New("1", nil), Health: health}, "/healthz")
		if body != want || (code == http.StatusOK) != (health == nil) {
			t.Errorf("%d %q, want %q", code, body, want)
		}
	}
}

// TestATakenPortIsTriedAgain gives the port free after the server found it taken.
func TestATakenPortIsTriedAgain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 10)
	log := slog.New(slog.NewTextHandler(lines(told), nil))
	s := &Server{Metrics: New("1", nil), Addr: taken.Addr().String(), Log: log}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	if line := <-told; !strings.Contains(line, "address already in use") || !strings.Contains(line, "another program has the port") {
		t.Errorf("the log says %s", line)
	}
	if s.Err() == nil {
		t.Error("all is said to be well")
	}
	taken.Close()
	if line := <-told; !strings.Contains(line, "metrics are served") || s.Err() != nil {
		t.Errorf("%v; the log says %s", s.Err(), line)
	}
	answer, err := http.Get("http://" + s.Addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if b, err := io.ReadAll(answer.Body); string(b) != "ok\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// lines hands on each write.
type lines chan<- string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
