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
	"github.com/spf13/pflag"

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
	out := &outputFile{file: os.Stdout}
	root.SetOut(out)
	namesShells(root)
	indentExamples(root)
	c, err := root.ExecuteContextC(ctx)
	if err == nil && c.HasSubCommands() {
		err = noArguments(c, c.Flags().Args()) // of a word that is no command, with --help
	}
	if err == nil {
		err = out.err
	}
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

// An outputFile is a file that remembers the first error of writing, so that no command has to look at each of its lines.
type outputFile struct {
	file *os.File
	err  error
}

// Write writes to the file.
func (o *outputFile) Write(text []byte) (int, error) {
	n, err := o.file.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
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
	showVersion := false
	root := &cobra.Command{
		Use:                        "bailiff",
		Short:                      "Ban addresses that keep failing to log in",
		SilenceUsage:               true,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		Args:                       noArguments,
		PersistentPreRunE:          func(c *cobra.Command, _ []string) error { return s.check(c) },
		RunE: func(c *cobra.Command, _ []string) error {
			if showVersion {
				return printChange(c.OutOrStdout(), false, nil, "bailiff "+version)
			}
			return c.Help()
		},
	}
	root.Flags().BoolVarP(&showVersion, "version", "V", false, "print the version")
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpCommand(newHelpCommand())
	root.AddCommand(foreignCommands()...)
	f := root.PersistentFlags()
	f.StringVarP(&s.config, "config", "c", "", "configuration directory (default /etc/bailiff, or else the embedded configuration)")
	f.StringVarP(&s.socket, "socket", "s", "", "control socket (default "+defaultSocket+")")
	// The flag is there: its completion can be registered.
	_ = root.RegisterFlagCompletionFunc("config", completeDirectories)
	f.CountVarP(&s.verbose, "verbose", "v", "of the daemon: log everything")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "of the daemon: log only what is wrong")
	root.AddCommand(newRunCommand(s), newStatusCommand(s), newBannedCommand(s), newBanCommand(s), newUnbanCommand(s),
		newReloadCommand(s), newPingCommand(s), newVersionCommand(s), newConfigCommand(s), newFirewallCommand(s), newRegexCommand())
	return root
}

// namesShells has the command of cobra's that makes scripts for shells refuse a shell that it does not know.
func namesShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args = noArguments
			c.RunE = func(c *cobra.Command, _ []string) error {
				return usage(c, errors.New("name a shell: bash, fish, powershell or zsh"))
			}
		}
	}
}

// indentExamples indents them as cobra indents all else in a help text.
func indentExamples(c *cobra.Command) {
	if c.HasExample() {
		c.Example = "  " + strings.ReplaceAll(c.Example, "\n", "\n  ")
	}
	for _, sub := range c.Commands() {
		indentExamples(sub)
	}
}

// newHelpCommand is cobra's own but for words that are no commands.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show what a command does",
		Example: "bailiff help ban",
		ValidArgsFunction: func(c *cobra.Command, args []string, begin string) (names []string, _ cobra.ShellCompDirective) {
			at, _, err := c.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() && strings.HasPrefix(sub.Name(), begin) {
					names = append(names, sub.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			at, rest, err := c.Root().Find(args)
			switch {
			case err != nil:
				return usage(c.Root(), err)
			case len(rest) > 0:
				return noArguments(at, rest)
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

// check refuses flags that are given without a value, as by a script whose variable is not set: they do not mean what
// holds without them.
func (s *settings) check(c *cobra.Command) error {
	for _, name := range []string{"config", "socket", "jail", "time"} {
		if f := c.Flags().Lookup(name); f != nil && f.Changed && f.Value.String() == "" {
			return usage(c, fmt.Errorf("--%s is empty", name))
		}
	}
	return checkDirectory(c, s.config)
}

// checkDirectory refuses a configuration that is a file. A directory that is not there is a fault of its own.
func checkDirectory(c *cobra.Command, config string) error {
	info, err := os.Stat(config)
	if config == "" || err != nil || info.IsDir() {
		return nil
	}
	dir := filepath.Dir(filepath.Clean(config))
	if name := filepath.Base(dir); strings.HasSuffix(name, ".d") {
		dir = filepath.Dir(dir)
	}
	return usageError{fmt.Errorf("%s is a file, and the whole configuration is meant\nhint: name its directory: %s --config %s",
		config, c.CommandPath(), dir)}
}

// wrongFlag says how the command is used, or for a flag of fail2ban-client's what to do instead.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if instead := foreignFlag(c, unknown); instead != "" {
			return usageError{fmt.Errorf("%w\nhint: %s", err, instead)}
		}
	}
	return usage(c, err)
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
		case max == 1 && len(args) == 1 && args[0] == "": // of a script whose variable is not set, and not all of them
			return usage(c, errors.New("the argument is empty"))
		}
		return nil
	}
}
