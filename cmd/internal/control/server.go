package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// MaxBody is the size of the largest request, in bytes.
const MaxBody = 1 << 20

const (
	// writeTimeout is how long a peer may take to read its answer, which is kept in memory meanwhile.
	writeTimeout = 10 * time.Second
	// questions is how many of those are answered at a time that have long answers: each holds the list of all bans.
	questions = 4
)

// A Reader answers questions. Its methods are called concurrently.
type Reader interface {
	Status(context.Context, StatusRequest) (Status, error)
	Banned(context.Context, BannedRequest) (Banned, error)
	// Reloading says what a reload waits for just now.
	Reloading() Reloading
}

// A Changer does what only root may ask for. Its methods are called concurrently.
type Changer interface {
	Ban(context.Context, BanRequest) (Changed, error)
	Unban(context.Context, UnbanRequest) (Changed, error)
	// Reload returns when the new configuration is in force, or with an error when the old one stays.
	Reload(context.Context, ReloadRequest) (Reloaded, error)
}

// A Server answers requests. Fields may not change while it runs.
type Server struct {
	Version string
	Reader  Reader
	Changer Changer
	Log     *slog.Logger // nil: slog.Default()
}

// Run serves the listener, which must yield unix sockets, until ctx ends or it fails. It closes the listener.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	log := s.Log
	if log == nil {
		log = slog.Default()
	}
	server := &http.Server{
		Handler:           s.handler(),
		ConnContext:       rememberPeer,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve control socket: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			server.Close() // somebody would not let go
		}
		return nil
	})
	return g.Wait()
}

// answer is what a route does: it returns the reply, or an error.
type answer func(r *http.Request) (any, error)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	turns := make(chan struct{}, questions)
	for _, route := range []struct {
		pattern string
		may     access
		answer  answer
		long    bool // the answer may be
	}{
		{"GET /v1/ping", anyone, s.ping, false},
		{"GET /v1/version", anyone, s.version, false},
		{"GET /v1/status", anyone, s.status, true},
		{"GET /v1/banned", anyone, s.banned, true},
		{"POST /v1/ban", rootOnly, s.ban, false},
		{"POST /v1/unban", rootOnly, s.unban, false},
		{"POST /v1/reload", rootOnly, s.reload, false},
		{"GET /v1/reload", anyone, s.reloading, false},
	} {
		handler := reply(guard(route.may, route.answer))
		if route.long {
			handler = inTurn(turns, handler)
		}
		mux.Handle(route.pattern, handler)
	}
	mux.Handle("/", reply(func(r *http.Request) (any, error) {
		return nil, &Error{NotFound, fmt.Sprintf("%s %s: no such request", r.Method, r.URL.Path), "the daemon may be of another version"}
	}))
	return mux
}

func (s *Server) ping(*http.Request) (any, error)    { return Pong{"pong"}, nil }
func (s *Server) version(*http.Request) (any, error) { return Version{s.Version}, nil }

func (s *Server) status(r *http.Request) (any, error) {
	q := r.URL.Query()
	return s.Reader.Status(r.Context(), StatusRequest{Jail: q.Get("jail"), Verify: q.Get("verify") == "true"})
}

func (s *Server) banned(r *http.Request) (any, error) {
	q := r.URL.Query()
	return s.Reader.Banned(r.Context(), BannedRequest{Jail: q.Get("jail"), Subjects: q["subject"]})
}

func (s *Server) ban(r *http.Request) (any, error) {
	q, err := read[BanRequest](r)
	if err != nil {
		return nil, err
	}
	if q.Jail == "" || len(q.Subjects) == 0 {
		return nil, &Error{Invalid, "ban needs a jail and at least one subject", ""}
	}
	return s.Changer.Ban(r.Context(), q)
}

func (s *Server) unban(r *http.Request) (any, error) {
	q, err := read[UnbanRequest](r)
	if err != nil {
		return nil, err
	}
	if q.All == (len(q.Subjects) > 0) {
		return nil, &Error{Invalid, "unban needs either subjects or all", ""}
	}
	return s.Changer.Unban(r.Context(), q)
}

func (s *Server) reload(r *http.Request) (any, error) {
	q, err := read[ReloadRequest](r)
	if err != nil {
		return nil, err
	}
	return s.Changer.Reload(r.Context(), q)
}

func (s *Server) reloading(*http.Request) (any, error) { return s.Reader.Reloading(), nil }

// read decodes the one JSON object of the request's body. It refuses what it does not know, since a misspelt field of a
// command that bans is not to be guessed at.
func read[T any](r *http.Request) (q T, err error) {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, MaxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return q, &Error{Invalid, "read request: " + err.Error(), ""}
	}
	if _, err := d.Token(); err != io.EOF {
		return q, &Error{Invalid, "read request: more than one object", ""}
	}
	return q, nil
}

// reply writes an answer as JSON.
func reply(a answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := a(r)
		code := http.StatusOK
		if err != nil {
			e := refusal(err)
			body, code = e, e.status()
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a test's recorder knows none
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(body) // a peer that has gone needs no answer
	})
}

// inTurn lets so many requests at a time through as turns has room for.
func inTurn(turns chan struct{}, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

func refusal(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Internal, err.Error(), ""}
}

func (e *Error) status() int {
	switch e.Kind {
	case Invalid:
		return http.StatusBadRequest
	case Forbidden:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}
