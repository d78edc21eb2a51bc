package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a Reader and Changer that notes what it was asked for.
type daemon struct{ asked []any }

func (d *daemon) Status(_ context.Context, r StatusRequest) (Status, error) {
	d.asked = append(d.asked, r)
	if r.Jail == "nosuch" {
		return Status{}, &Error{NotFound, "there is no jail nosuch", "try status"}
	}
	return state, nil
}

func (d *daemon) Banned(_ context.Context, r BannedRequest) (Banned, error) {
	d.asked = append(d.asked, r)
	b := Banned{Bans: state.Jails[0].Banned, Jail: r.Jail}
	if len(r.Subjects) > 0 && r.Subjects[0] == "sshd" {
		b.Jail = "sshd"
	}
	return b, nil
}

func (d *daemon) Ban(_ context.Context, r BanRequest) (Changed, error) {
	d.asked = append(d.asked, r)
	return Changed{Count: len(r.Subjects), Changes: []Change{{Ban: state.Jails[0].Banned[0], Outcome: Made}}}, nil
}

func (d *daemon) Unban(_ context.Context, r UnbanRequest) (Changed, error) {
	d.asked = append(d.asked, r)
	return Changed{Count: 7, Still: state.Jails[0].Banned}, nil
}

func (d *daemon) Reload(_ context.Context, r ReloadRequest) (Reloaded, error) {
	d.asked = append(d.asked, r)
	if r.Jail == "broken" {
		return Reloaded{}, fmt.Errorf("reload: %w", errors.New("jail.conf:3: [broken] x: no"))
	}
	return reloaded, nil
}

func (d *daemon) Reloading() Reloading { return Reloading{WaitingFor: "the disk"} }

var reloaded = Reloaded{Jails: 1, Added: []string{"sshd"}, Removed: []RemovedJail{{"web", 3}},
	Changed: []ChangedJail{{"mail", []ChangedOption{{"bantime", "10m", "1h"}}}}, Warnings: []Fault{{File: "jail.conf", Message: "odd", Includes: []string{}}}}

var state = func() Status {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	until := at.Add(time.Hour)
	return Status{Version: "1.2", Started: at, Firewall: "iptables", Jails: []Jail{{Name: "sshd", Filter: "sshd", Source: "journal",
		JournalMatches: "_COMM=sshd", CurrentlyBanned: 2, TotalBanned: 3, CurrentlyFailed: 1, TotalFailed: 9,
		Banned: []Ban{{Jail: "sshd", Subject: "192.0.2.1", At: at, Until: &until, Failures: 5}, {Jail: "sshd", Subject: "2001:db8::/64", At: at}}}}}
}()

// serve runs a server for the length of the test and returns its socket's path.
func serve(t *testing.T, d *daemon) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bailiff.sock")
	l, err := Listen(path, "no such group")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	s := &Server{Version: "1.2", Reader: d, Changer: d}
	go func() { done <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	return path
}

// TestLongAnswersAreGivenToAFewAtATime has whoever asks for a status wait for the others, and nobody else.
func TestLongAnswersAreGivenToAFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &slow{daemon: &daemon{}, goOn: make(chan struct{})}
		handler := (&Server{Reader: d, Changer: d}).handler()
		var answered atomic.Int64
		ask := func(path string) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != http.StatusOK {
				t.Errorf("%s: status %d", path, w.Code)
			}
			answered.Add(1)
		}
		for range 2 * questions {
			go ask("/v1/status")
		}
		synctest.Wait()
		ask("/v1/ping")
		if n := d.asked.Load(); n != questions || answered.Load() != 1 {
			t.Errorf("%d are answered at a time, %d have been", n, answered.Load())
		}
		close(d.goOn)
		synctest.Wait()
		if n := answered.Load(); n != 2*questions+1 {
			t.Errorf("%d answers", n)
		}
	})
}

// A slow daemon counts how often it was asked for its status, and waits with the answer.
type slow struct {
	*daemon
	asked atomic.Int64
	goOn  chan struct{}
}

func (s *slow) Status(context.Context, StatusRequest) (Status, error) {
	s.asked.Add(1)
	<-s.goOn
	return state, nil
}

func TestEveryRequestReachesTheDaemonAndItsReplyTheClient(t *testing.T) {
	d := &daemon{}
	c, ctx := NewClient(serve(t, d)), t.Context()
	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
	version, err := c.Version(ctx)
	check("version", version, "1.2", err)
	status, err := c.Status(ctx, StatusRequest{Jail: "ssh d&", Verify: true})
	check("status", status, state, err)
	bans, err := c.Banned(ctx, BannedRequest{})
	check("banned", bans, Banned{Bans: state.Jails[0].Banned}, err)
	some := BannedRequest{Jail: "web", Subjects: []string{"192.0.2.1", "2001:db8::/64"}}
	_, err = c.Banned(ctx, some)
	check("banned", nil, nil, err)
	ban := BanRequest{Jail: "sshd", Subjects: []string{"192.0.2.1", "192.0.2.2"}, Seconds: new(int64(-1)), Force: true}
	made, err := c.Ban(ctx, ban)
	check("ban", made, Changed{Count: 2, Changes: []Change{{Ban: state.Jails[0].Banned[0], Outcome: Made}}}, err)
	changed, err := c.Unban(ctx, UnbanRequest{Jail: "web", All: true})
	check("unban", changed, Changed{Count: 7, Still: state.Jails[0].Banned}, err)
	done, err := c.Reload(ctx, ReloadRequest{})
	check("reload", done, reloaded, err)
	now, err := c.Reloading(ctx)
	check("reloading", now, Reloading{WaitingFor: "the disk"}, err)
	check("asked", d.asked, []any{StatusRequest{"ssh d&", true}, BannedRequest{}, some, ban, UnbanRequest{Jail: "web", All: true}, ReloadRequest{}}, nil)
}

// TestBannedOfThousands asks for more than one request holds, of whom many lie in one banned network.
func TestBannedOfThousands(t *testing.T) {
	d := &daemon{}
	var subjects []string
	for i := range 10_000 {
		subjects = append(subjects, fmt.Sprintf("2001:db8::1234:5678:9abc:%x", i))
	}
	bans, err := NewClient(serve(t, d)).Banned(t.Context(), BannedRequest{Subjects: append([]string{"sshd"}, subjects...)})
	if diff := cmp.Diff(Banned{Bans: state.Jails[0].Banned, Jail: "sshd"}, bans); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	n := 0
	for i, some := range d.asked {
		some := some.(BannedRequest)
		if n += len(some.Subjects); i > 0 && some.Jail != "sshd" {
			t.Errorf("request %d forgot the jail that the first subject named", i)
		}
	}
	if n != len(subjects)+1 {
		t.Errorf("asked for %d of %d", n, len(subjects)+1)
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	c, ctx := NewClient(serve(t, &daemon{})), t.Context()
	ask := map[string]func() error{
		"nosuch": func() error { _, err := c.Status(ctx, StatusRequest{Jail: "nosuch"}); return err },
		"broken": func() error { _, err := c.Reload(ctx, ReloadRequest{"broken"}); return err },
		"empty":  func() error { _, err := c.Ban(ctx, BanRequest{Jail: "sshd"}); return err },
		"unsure": func() error { _, err := c.Unban(ctx, UnbanRequest{}); return err },
		"both": func() error {
			_, err := c.Unban(ctx, UnbanRequest{Subjects: []string{"192.0.2.1"}, All: true})
			return err
		},
		"large": func() error {
			_, err := c.Ban(ctx, BanRequest{Jail: "sshd", Subjects: []string{strings.Repeat("1", MaxBody)}})
			return err
		},
		"unknown": func() error { _, err := post[Changed](ctx, c, "dance", ReloadRequest{}); return err },
		"other":   func() error { _, err := post[Changed](ctx, c, "ban", UnbanRequest{All: true}); return err },
	}
	for name, want := range map[string]Error{
		"nosuch":  {NotFound, "there is no jail nosuch", "try status"},
		"broken":  {Internal, "reload: jail.conf:3: [broken] x: no", ""},
		"empty":   {Invalid, "ban needs a jail and at least one subject", ""},
		"unsure":  {Invalid, "unban needs either subjects or all", ""},
		"both":    {Invalid, "unban needs either subjects or all", ""},
		"large":   {Invalid, "read request: http: request body too large", ""},
		"unknown": {NotFound, "POST /v1/dance: no such request", "the daemon may be of another version"},
		"other":   {Invalid, `read request: json: unknown field "all"`, ""},
	} {
		var got *Error
		if err := ask[name](); !errors.As(err, &got) {
			t.Errorf("%s: %v, want an *Error", name, err)
		} else if d := cmp.Diff(want, *got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestOnlyRootChangesAnything(t *testing.T) {
	d := &daemon{}
	path := serve(t, d)
	if err := os.Chmod(path, 0o666); err != nil { // as if the peer were in the socket's group
		t.Fatal(err)
	}
	for dir := filepath.Dir(path); dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	nobody, ctx := clientAs(path, 65534), t.Context()
	if _, err := nobody.Status(ctx, StatusRequest{}); err != nil {
		t.Errorf("status as nobody: %v", err)
	}
	if _, err := nobody.Banned(ctx, BannedRequest{}); err != nil {
		t.Errorf("banned as nobody: %v", err)
	}
	d.asked = nil
	_, ban := nobody.Ban(ctx, BanRequest{Jail: "sshd", Subjects: []string{"192.0.2.1"}})
	_, unban := nobody.Unban(ctx, UnbanRequest{All: true})
	_, reload := nobody.Reload(ctx, ReloadRequest{})
	for verb, err := range map[string]error{"ban": ban, "unban": unban, "reload": reload} {
		var e *Error
		if !errors.As(err, &e) || e.Kind != Forbidden || e.Hint == "" {
			t.Errorf("%s as nobody: %v, want it forbidden", verb, err)
		}
	}
	if len(d.asked) > 0 {
		t.Errorf("the daemon was asked for %v", d.asked)
	}
}

// clientAs connects with another user's credentials: they belong to the thread, and the thread ends with its goroutine.
func clientAs(path string, uid uintptr) *Client {
	dial := func(context.Context, string, string) (conn net.Conn, err error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread()
			if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, uid, uid, uid); no != 0 {
				err = no
				return
			}
			conn, err = net.Dial("unix", path)
		}()
		<-done
		return conn, err
	}
	return &Client{Patience: patience, http: http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

func TestListenReplacesOnlyWhatNobodyUses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, dir} {
		if l, err := Listen(path, ""); err == nil || !strings.Contains(err.Error(), "is no socket") {
			t.Errorf("Listen(%s) = %v, %v", path, l, err)
		}
	}
	if b, err := os.ReadFile(file); string(b) != "mine" {
		t.Errorf("the file was touched: %q, %v", b, err)
	}

	path := filepath.Join(dir, "bailiff.sock")
	first, err := Listen(path, "adm")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	if _, err := Listen(path, ""); err == nil || !strings.Contains(err.Error(), "another daemon") {
		t.Errorf("a second daemon: %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as if it was killed
	first.Close()
	second, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

func TestNoDaemonIsAnErrorWithAHint(t *testing.T) {
	err := NewClient(filepath.Join(t.TempDir(), "none.sock")).Ping(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unreachable || !strings.HasPrefix(e.Hint, "is bailiff running?") || strings.Contains(e.Message, "http") {
		t.Errorf("error is %#v", err)
	}
}

func FuzzBody(f *testing.F) {
	for _, body := range []string{`{"jail":"sshd","subjects":["192.0.2.1"]}`, `{"all":true}`, `{}`, `{"jail":"x"}{}`, `[`, `null`, ``,
		`{"subjects":[null]}`, `{"SUBJECTS":["a"],"subjects":["b"]}`} {
		for verb := range verbs {
			f.Add(uint8(verb), body)
		}
	}
	f.Fuzz(func(t *testing.T, verb uint8, body string) {
		d := &daemon{}
		s := &Server{Reader: d, Changer: d}
		r := httptest.NewRequest("POST", "/v1/"+verbs[int(verb)%len(verbs)], strings.NewReader(body))
		r = r.WithContext(context.WithValue(r.Context(), peerKey{}, &unix.Ucred{Uid: 0}))
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		if asked := len(d.asked); w.Code == http.StatusOK && asked != 1 || w.Code == http.StatusBadRequest && asked != 0 {
			t.Errorf("%q: %d with %d questions to the daemon", body, w.Code, asked)
		}
		for _, a := range d.asked {
			switch q := a.(type) {
			case BanRequest:
				if q.Jail == "" || len(q.Subjects) == 0 {
					t.Errorf("%q: ban of nobody reached the daemon", body)
				}
			case UnbanRequest:
				if q.All && len(q.Subjects) > 0 || !q.All && len(q.Subjects) == 0 {
					t.Errorf("%q: unsure unban reached the daemon", body)
				}
			}
		}
	})
}

var verbs = []string{"ban", "unban", "reload"}

// TestAStoppedDaemonIsGivenUp asks a socket on which somebody listens and nobody answers.
func TestAStoppedDaemonIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stopped.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := NewClient(path)
	c.Patience = 20 * time.Millisecond
	for name, ask := range map[string]func(context.Context) error{
		"ping":   c.Ping,
		"status": func(ctx context.Context) error { _, err := c.Status(ctx, StatusRequest{}); return err },
		"ban":    func(ctx context.Context) error { _, err := c.Ban(ctx, BanRequest{}); return err },
		"reload": func(ctx context.Context) error { _, err := c.Reload(ctx, ReloadRequest{}); return err },
	} {
		var e *Error
		if err := ask(t.Context()); !errors.As(err, &e) || e.Kind != Unreachable || e.Message != "ask the daemon: no answer within 20ms" || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
