package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// retryEvery is how soon an address that could not be listened on is tried again.
const retryEvery = 2 * time.Second

// A Server answers /metrics for Prometheus and /healthz for whoever asks whether all is well.
type Server struct {
	Addr    string       // HOST:PORT; empty: off
	Metrics *Metrics     // not nil, unless Addr is empty
	Health  func() error // nil, or what is wrong; a nil func is always well
	Log     *slog.Logger // not nil, unless Addr is empty

	mu  sync.Mutex
	err error
}

// Run serves until ctx ends. An address that it cannot listen on is logged once and tried again: whoever counts on a ban
// agent would rather have no metrics than no bans.
func (s *Server) Run(ctx context.Context) error {
	if s.Addr == "" {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
		if s.note(err); err == nil {
			err = s.serve(ctx, l)
			s.note(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Err is why nobody is answered just now, nil where all is well or Addr is empty.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// note logs what is wrong, once, and that it is well again.
func (s *Server) note(err error) {
	s.mu.Lock()
	before := s.err
	s.err = err
	s.mu.Unlock()
	switch {
	case err == nil && before != nil:
		s.Log.Info("metrics are served", "address", s.Addr)
	case err != nil && before == nil:
		s.Log.Error("metrics are not served, trying again", "err", err, "hint", hint(err))
	}
}

func hint(err error) string {
	if errors.Is(err, syscall.EADDRINUSE) {
		return `another program has the port: set metrics in bailiff.conf or --metrics to another one, or to "" for none`
	}
	return `set metrics in bailiff.conf or --metrics to an address of this machine, or to "" for none`
}

func (s *Server) serve(ctx context.Context, l net.Listener) error {
	crowd := newCrowd(maxClients)
	server := &http.Server{
		Handler:           s.handler(),
		ConnState:         crowd.note,
		ReadHeaderTimeout: 3 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that misbehaves is none of the log's business
	}
	l = &limited{Listener: l, crowd: crowd, ended: make(chan struct{})}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve metrics: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		server.Close() // a scrape that is cut off comes again
		return nil
	})
	return g.Wait()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", inMemory(promhttp.HandlerFor(s.Metrics.registry, promhttp.HandlerOpts{})))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if s.Health != nil {
			if err := s.Health(); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		io.WriteString(w, "ok\n")
	})
	return mux
}
