package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bailiff/cmd/internal/control"
)

const (
	reloadPatience = 2 * time.Second // how long a reload may last before it is said what it waits for
	reloadTimeout  = time.Minute
)

func newReloadCommand(s *settings) *cobra.Command {
	var asJSON bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "reload [JAIL]",
		Short: "Read the configuration again, all of it or one jail's",
		Long: "Read the configuration again. When it has faults the old one stays and the faults are printed.\n" +
			"Failures and bans are kept; the bans of a jail that is gone are lifted. What has changed is printed, and\n" +
			"the warnings of config check.",
		Example: "bailiff config check && bailiff reload\nbailiff reload sshd",
		Args:    arguments(0, 1),

		ValidArgsFunction: s.complete(s.jailFirst),
		RunE: func(c *cobra.Command, args []string) error {
			if timeout <= 0 {
				return usage(c, fmt.Errorf("--timeout %s: write a time above zero, such as 30s", timeout))
			}
			w := &reloadWait{client: s.client(), patience: reloadPatience, timeout: timeout, err: c.ErrOrStderr()}
			done, err := w.reload(c.Context(), control.ReloadRequest{Jail: strings.Join(args, "")})
			if err != nil {
				return err
			}
			if asJSON {
				type changes control.Reloaded
				err = printJSON(c.OutOrStdout(), struct {
					Reloaded bool `json:"reloaded"`
					changes
				}{true, changes(done)})
			} else {
				printWarnings(c.ErrOrStderr(), done)
				err = printReload(c.OutOrStdout(), done)
			}
			if err == nil && len(done.Left) > 0 {
				err = fmt.Errorf("the new configuration is in force, but something of the old one is left: %s", strings.Join(done.Left, "; "))
			}
			return err
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().DurationVar(&timeout, "timeout", reloadTimeout, "how long to wait for the reload, which goes on without us")
	return c
}

// A reloadWait is a command that waits for a reload.
type reloadWait struct {
	client   *control.Client
	patience time.Duration
	timeout  time.Duration
	err      io.Writer
}

// reload returns when the reload has ended. One that takes its time has said what it waits for.
func (w *reloadWait) reload(ctx context.Context, r control.ReloadRequest) (done control.Reloaded, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	waits := ""
	ended := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		defer close(ended)
		done, err = w.client.Reload(ctx, r)
		return nil
	})
	for tick := time.NewTicker(w.patience); ; {
		select {
		case <-ended:
			tick.Stop()
			if ctx.Err() == context.DeadlineExceeded {
				err = w.tooLong(waits)
			}
			return done, err
		case <-tick.C:
		}
		now, err := w.client.Reloading(ctx)
		if err == nil && now.WaitingFor != "" && now.WaitingFor != waits {
			waits = now.WaitingFor
			fmt.Fprintln(w.err, "waiting for:", waits)
		}
	}
}

func (w *reloadWait) tooLong(waits string) error {
	message := fmt.Sprintf("the reload has not ended after %s", w.timeout)
	if waits != "" {
		message += ", it waits for " + waits
	}
	return &control.Error{Kind: control.Unreachable, Message: message, Hint: "it goes on: the daemon's log says how it ends"}
}

// printWarnings says what is odd in a configuration that is in force.
func printWarnings(w io.Writer, done control.Reloaded) {
	said := false
	for _, f := range done.Warnings {
		warning := answeredFault(f)
		said = said || f.Message == nothingGuarded
		fmt.Fprintln(w, "warning:", warning.Error())
	}
	for _, o := range done.AtStart {
		fmt.Fprintf(w, "warning: %s is read at the start only: %s is in force, %s is configured\n    hint: %s\n", o.Option, orNone(o.From), orNone(o.To), restartHint)
	}
	if done.Jails == 0 && !said {
		fmt.Fprintln(w, "warning:", nothingGuarded)
	}
}

func printReload(w io.Writer, done control.Reloaded) error {
	for _, name := range done.Added {
		fmt.Fprintf(w, "%s is new\n", name)
	}
	for _, j := range done.Removed {
		fmt.Fprintf(w, "%s is gone, %s lifted\n", j.Name, counted(j.Lifted, "ban"))
	}
	for _, j := range done.Changed {
		fmt.Fprintf(w, "%s has changed: %s\n", j.Name, changeWords(j.Options))
	}
	if len(done.Options) > 0 {
		fmt.Fprintf(w, "the service has changed: %s\n", changeWords(done.Options))
	}
	_, err := fmt.Fprintln(w, "reloaded")
	return err
}
