package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// runFail2banRegex is fail2ban-regex: the same test with its exit codes, 255 for a fault and 2 for wrong flags.
func runFail2banRegex(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	f := &regexFlags{fail2ban: true}
	set := pflag.NewFlagSet("fail2ban-regex", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	f.register(set)
	help := func(w io.Writer) {
		fmt.Fprintf(w, "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n\n%s\n\nOptions:\n%s", regexUsage, set.FlagUsages())
	}
	switch err := set.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		help(stdout)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n\nfail2ban-regex: error: %v\n", err)
		return 2
	case f.version || f.shortVersion:
		fmt.Fprintln(stdout, cmp.Or(map[bool]string{true: version}[f.shortVersion], "fail2ban-regex "+version))
		return 0
	}
	err := f.check()
	if n := set.NArg(); err == nil && n != 2 && n != 3 {
		err = errors.New("provide both <LOG> and <REGEX>")
	}
	if err != nil {
		help(stdout)
		fmt.Fprintf(stderr, "\nERROR: %v.\n", err)
		return 255
	}
	return f.exitCode(ctx, set.Args(), stdin, stdout)
}

func (f *regexFlags) exitCode(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) int {
	t := newRegexTest(f, stdin, stdout)
	err := t.run(ctx, args)
	if err != nil {
		fmt.Fprintf(t.out, "ERROR: %v\n", err)
	}
	if t.out.Flush() != nil || err != nil {
		return 255
	}
	return 0
}
