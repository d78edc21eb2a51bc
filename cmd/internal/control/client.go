package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Client asks the daemon behind a socket. Its methods return *Error for every refusal, and for a daemon that does not
// answer: one that is stopped or hangs is given up after some seconds. A Client is safe for concurrent use.
type Client struct {
	// Patience is how long the daemon may take to answer a ping, with which each request begins.
	Patience time.Duration

	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	http http.Client
}

const (
	patience = 10 * time.Second
	// workLimit is how long a daemon that answers pings may take for what it is asked to do, where the context sets no
	// limit of its own.
	workLimit = time.Minute
)

// NewClient returns a client of the socket at path. It connects when it is asked to do something.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{Patience: patience, dial: dial, http: http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Listens reports whether somebody listens on the socket: a daemon, though it may be stopped or hang.
func (c *Client) Listens(ctx context.Context) (bool, error) {
	conn, err := c.dial(ctx, "", "")
	switch {
	case err == nil:
		return true, conn.Close()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return false, nil
	}
	return false, unreachable(err)
}

// Ping asks whether the daemon is there.
func (c *Client) Ping(ctx context.Context) error {
	r, err := http.NewRequest(http.MethodGet, base+"ping", nil)
	if err != nil {
		return err
	}
	return c.within(ctx, c.Patience, r, new(Pong))
}

// Version asks for the daemon's version.
func (c *Client) Version(ctx context.Context) (string, error) {
	v, err := get[Version](ctx, c, "version", nil)
	return v.Version, err
}

// Status asks for the state of the daemon and of one jail or all of them.
func (c *Client) Status(ctx context.Context, r StatusRequest) (Status, error) {
	q := url.Values{}
	if r.Jail != "" {
		q.Set("jail", r.Jail)
	}
	if r.Verify {
		q.Set("verify", "true")
	}
	return get[Status](ctx, c, "status", q)
}

// subjectsAtOnce is how many subjects one request's address holds: the daemon reads 64 KB of it.
const subjectsAtOnce = 500

// Banned asks for active bans.
func (c *Client) Banned(ctx context.Context, r BannedRequest) (all Banned, err error) {
	parts := slices.Collect(slices.Chunk(r.Subjects, subjectsAtOnce))
	for i := range max(1, len(parts)) {
		q := url.Values{}
		if len(parts) > 0 {
			q["subject"] = parts[i]
		}
		if r.Jail != "" {
			q.Set("jail", r.Jail)
		}
		some, err := get[Banned](ctx, c, "banned", q)
		if err != nil {
			return Banned{}, err
		}
		if i == 0 {
			all, r.Jail = some, some.Jail // which the first subject may have named
			continue
		}
		all.add(some)
	}
	return all, nil
}

// add adds bans but for those that are there already: a network's ban is that of subjects in several requests.
func (b *Banned) add(more Banned) {
	seen := map[[2]string]bool{}
	for _, ban := range b.Bans {
		seen[[2]string{ban.Jail, ban.Subject}] = true
	}
	for _, ban := range more.Bans {
		if !seen[[2]string{ban.Jail, ban.Subject}] {
			b.Bans = append(b.Bans, ban)
		}
	}
	b.NotBanned = append(b.NotBanned, more.NotBanned...)
}

// Ban asks for bans.
func (c *Client) Ban(ctx context.Context, r BanRequest) (Changed, error) {
	return post[Changed](ctx, c, "ban", r)
}

// Unban asks to lift bans.
func (c *Client) Unban(ctx context.Context, r UnbanRequest) (Changed, error) {
	return post[Changed](ctx, c, "unban", r)
}

// Reload asks to read the configuration again and returns when that is done.
func (c *Client) Reload(ctx context.Context, r ReloadRequest) (Reloaded, error) {
	return post[Reloaded](ctx, c, "reload", r)
}

// Reloading asks what a reload waits for.
func (c *Client) Reloading(ctx context.Context) (Reloading, error) {
	return get[Reloading](ctx, c, "reload", nil)
}

const base = "http://bailiff/v1/" // the host is for HTTP only: the dialer knows one socket

func get[T any](ctx context.Context, c *Client, verb string, query url.Values) (reply T, err error) {
	r, err := http.NewRequest(http.MethodGet, base+verb+"?"+query.Encode(), nil)
	if err != nil {
		return reply, err
	}
	err = c.do(ctx, r, &reply)
	return reply, err
}

func post[T any](ctx context.Context, c *Client, verb string, body any) (reply T, err error) {
	b, err := json.Marshal(body)
	if err != nil {
		return reply, err
	}
	r, err := http.NewRequest(http.MethodPost, base+verb, bytes.NewReader(b))
	if err != nil {
		return reply, err
	}
	err = c.do(ctx, r, &reply)
	return reply, err
}

// do sends a request once the daemon has answered a ping: then it is not stopped, and may take its time.
func (c *Client) do(ctx context.Context, r *http.Request, reply any) error {
	if err := c.Ping(ctx); err != nil {
		return err
	}
	if _, limited := ctx.Deadline(); limited {
		return c.send(r.WithContext(ctx), reply)
	}
	return c.within(ctx, workLimit, r, reply)
}

// within sends a request that is to be answered within some time.
func (c *Client) within(ctx context.Context, limit time.Duration, r *http.Request, reply any) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := c.send(r.WithContext(limited), reply)
	if ctx.Err() == nil && limited.Err() != nil {
		return &Error{Unreachable, fmt.Sprintf("ask the daemon: no answer within %v", limit),
			"it may be stopped, hang, or be starting still: see systemctl status bailiff; bans stay over systemctl restart bailiff"}
	}
	return err
}

func (c *Client) send(r *http.Request, reply any) error {
	answer, err := c.http.Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer answer.Body.Close()
	d := json.NewDecoder(answer.Body)
	if answer.StatusCode == http.StatusOK {
		err := d.Decode(reply)
		if err != nil {
			return &Error{Unreachable, "read reply: " + err.Error(), ""}
		}
		return nil
	}
	e := &Error{Kind: Internal}
	if d.Decode(e) != nil || e.Message == "" {
		e.Message = "the daemon answered " + strings.ToLower(answer.Status)
	}
	return e
}

// unreachable says why no daemon answered, without the invented URL.
func unreachable(err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	e := &Error{Unreachable, fmt.Sprintf("ask the daemon: %v", err), "is bailiff running? Start it with: systemctl start bailiff, or as root: bailiff run"}
	if errors.Is(err, fs.ErrPermission) {
		e.Hint = "root and the members of the socket's group may ask"
	}
	return e
}
