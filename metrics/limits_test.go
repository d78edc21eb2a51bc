package metrics

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// serve runs a server on a free port until the test ends, and returns its address.
func serve(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// hoard is metrics of very many jails.
func hoard() *Metrics {
	m := New("1.2.3", nil)
	for i := range 2000 {
		m.Jail(fmt.Sprintf("jail-%d-%s", i, strings.Repeat("x", 50)))
	}
	return m
}

// dial connects and sends text.
func dial(t *testing.T, address, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClientsThatDoNotReadCostLittle has hundreds ask for the page without reading it.
func TestClientsThatDoNotReadCostLittle(t *testing.T) {
	address := serve(t, &Server{Addr: "-", Metrics: hoard(), Log: slog.New(slog.DiscardHandler)})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 500 {
		dial(t, address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	<-time.After(time.Second) // what they cost by then
	runtime.ReadMemStats(&after)
	if cost := int64(after.HeapInuse) - int64(before.HeapInuse); cost > 150<<20 {
		t.Errorf("they cost %d MB", cost>>20)
	}
	if n := runtime.NumGoroutine(); n > 4*maxClients {
		t.Errorf("%d goroutines", n)
	}
}

// TestIdleClientsGiveWay fills the server with clients that keep their connection, and asks as another.
func TestIdleClientsGiveWay(t *testing.T) {
	address := serve(t, &Server{Addr: "-", Metrics: New("1.2.3", nil), Log: slog.New(slog.DiscardHandler)})
	for range maxClients {
		c := dial(t, address, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 3 {
		r, err := client.Get("http://" + address + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(text), "bailiff_build_info") {
			t.Errorf("%d, %v", r.StatusCode, err)
		}
	}
}

// TestClientsThatSayNothingGiveWay opens as many connections as there may be, and more, without a request.
func TestClientsThatSayNothingGiveWay(t *testing.T) {
	address := serve(t, &Server{Addr: "-", Metrics: New("1.2.3", nil), Log: slog.New(slog.DiscardHandler)})
	for range 2 * maxClients {
		dial(t, address, "")
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
}

// TestANewClientMayAsk has one come where all others are busy: it does not give way before it could ask.
func TestANewClientMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1)
		there, here := net.Pipe()
		defer there.Close()
		defer here.Close()
		c.note(here, http.StateNew)
		c.evict()
		if len(c.idle) != 1 {
			t.Error("it gave way at once")
		}
		time.Sleep(2 * firstWord)
		c.evict()
		if len(c.idle) != 0 {
			t.Error("it says nothing, and stays")
		}
		c.note(there, http.StateIdle)
		time.Sleep(time.Millisecond)
		if c.evict(); len(c.idle) != 0 {
			t.Error("one that has asked does not give way")
		}
	})
}
