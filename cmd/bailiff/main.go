// Command bailiff bans addresses that keep failing to log in. It reads the systemd journal and log files, counts
// failures in jails configured as in fail2ban, and drops offenders' packets in the kernel.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

// version is set when the program is linked.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns its exit code: 0, 1 for a fault or something not found, 2 for wrong usage.
func execute(ctx context.Context, args []string) int {
	useTZ()
	if filepath.Base(args[0]) == "fail2ban-regex" {
		return runFail2banRegex(ctx, args[1:], os.Stdin, os.Stdout, os.Stderr)
	}
	root := newRootCommand()
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	complain(err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// A usageError is a command line that makes no sense.
type usageError struct{ error }

// complain prints each of the errors that are joined in one, and what to do about it where that is known.
func complain(err error) {
	for _, one := range joined(err) {
		fmt.Fprintln(os.Stderr, "bailiff:", one)
		var refused *control.Error
		switch {
		case errors.As(one, &refused):
			if refused.Hint != "" {
				fmt.Fprintln(os.Stderr, "hint:", refused.Hint)
			}
		case errors.Is(one, fs.ErrPermission) && os.Geteuid() != 0:
			fmt.Fprintln(os.Stderr, "hint: run it as root, for example with sudo")
		}
	}
}

// joined are the errors that errors.Join has made one of.
func joined(err error) (all []error) {
	parts := unjoin(err)
	var texts []string
	for _, p := range parts {
		texts = append(texts, p.Error())
	}
	if len(parts) == 1 && parts[0] == err || strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	for _, p := range parts {
		all = append(all, joined(p)...)
	}
	return all
}

// settings are the flags that all commands share.
type settings struct {
	config  string // directory; "": /etc/bailiff where it exists, else the embedded configuration
	socket  string // "": as configured
	verbose int
	quiet   bool
}

func newRootCommand() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:                        "bailiff",
		Short:                      "Ban addresses that keep failing to log in",
		SilenceUsage:               true,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		Args:                       noArguments,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, err) })
	f := root.PersistentFlags()
	f.StringVarP(&s.config, "config", "c", "", "configuration directory (default /etc/bailiff, or else the embedded configuration)")
	f.StringVarP(&s.socket, "socket", "s", "", "control socket (default "+defaultSocket+")")
	f.CountVarP(&s.verbose, "verbose", "v", "say more; twice: everything")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "say only what is wrong")
	root.AddCommand(newRunCommand(s), newStatusCommand(s), newBannedCommand(s), newBanCommand(s), newUnbanCommand(s),
		newReloadCommand(s), newPingCommand(s), newVersionCommand(s), newConfigCommand(s), newFirewallCommand(s), newRegexCommand())
	return root
}

// usage turns a wrong command line into an error that says how the command is used.
func usage(c *cobra.Command, err error) error {
	line := c.UseLine()
	if c.HasSubCommands() {
		line = c.CommandPath() + " COMMAND"
	}
	return usageError{fmt.Errorf("%w\nhint: usage: %s\n      %s --help says more", err, line, c.CommandPath())}
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command or argument %q", args[0])
	if alike := c.SuggestionsFor(args[0]); len(alike) > 0 {
		err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(alike, " or "))
	}
	return usage(c, err)
}

// arguments refuses fewer than min arguments, and more than max unless max is negative.
func arguments(min, max int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < min:
			return usage(c, fmt.Errorf("too few arguments: %d", len(args)))
		case max >= 0 && len(args) > max:
			return usage(c, fmt.Errorf("unexpected argument %q", args[max]))
		}
		return nil
	}
}
