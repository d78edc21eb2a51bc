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
)

// A Client asks the daemon behind a socket. Its methods return *Error for every refusal, and for a daemon that does not
// answer; they wait as long as their context allows. A Client is safe for concurrent use.
type Client struct{ http http.Client }

// NewClient returns a client of the socket at path. It connects when it is asked to do something.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Ping asks whether the daemon is there.
func (c *Client) Ping(ctx context.Context) error {
	_, err := get[Pong](ctx, c, "ping", nil)
	return err
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

// Banned asks for the active bans of the subjects, or for all of them.
func (c *Client) Banned(ctx context.Context, subjects ...string) ([]Ban, error) {
	if len(subjects) <= subjectsAtOnce {
		b, err := get[Banned](ctx, c, "banned", url.Values{"subject": subjects})
		return b.Bans, err
	}
	all := []Ban{}
	seen := map[[2]string]bool{} // a network's ban is that of subjects in several requests
	for some := range slices.Chunk(subjects, subjectsAtOnce) {
		bans, err := c.Banned(ctx, some...)
		if err != nil {
			return nil, err
		}
		for _, b := range bans {
			if key := [2]string{b.Jail, b.Subject}; !seen[key] {
				seen[key] = true
				all = append(all, b)
			}
		}
	}
	return all, nil
}

// Ban asks for bans and returns how many are new.
func (c *Client) Ban(ctx context.Context, r BanRequest) (int, error) {
	n, err := post(ctx, c, "ban", r)
	return n.Count, err
}

// Unban asks to lift bans and returns how many were, and which stop the same subjects still.
func (c *Client) Unban(ctx context.Context, r UnbanRequest) (Changed, error) {
	return post(ctx, c, "unban", r)
}

// Reload asks to read the configuration again and returns when that is done.
func (c *Client) Reload(ctx context.Context, r ReloadRequest) error {
	_, err := post(ctx, c, "reload", r)
	return err
}

const base = "http://bailiff/v1/" // the host is for HTTP only: the dialer knows one socket

func get[T any](ctx context.Context, c *Client, verb string, query url.Values) (reply T, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+verb+"?"+query.Encode(), nil)
	if err != nil {
		return reply, err
	}
	err = c.do(r, &reply)
	return reply, err
}

func post(ctx context.Context, c *Client, verb string, body any) (reply Changed, err error) {
	b, err := json.Marshal(body)
	if err != nil {
		return reply, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+verb, bytes.NewReader(b))
	if err != nil {
		return reply, err
	}
	err = c.do(r, &reply)
	return reply, err
}

func (c *Client) do(r *http.Request, reply any) error {
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
