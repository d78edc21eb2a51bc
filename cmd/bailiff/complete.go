package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

// completeWithin is how long a shell may wait for words from the daemon.
const completeWithin = time.Second

// An offer lists the words that may stand after args.
type offer func(ctx context.Context, daemon *control.Client, args []string) []string

// complete makes an offer of words one that shells can ask for. A daemon that is not there or does not answer offers none.
func (s *settings) complete(words offer) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
		defer cancel()
		unfit := func(w string) bool { return !strings.HasPrefix(w, begin) || slices.Contains(args, w) }
		return slices.DeleteFunc(words(ctx, s.client(), args), unfit), cobra.ShellCompDirectiveNoFileComp
	}
}

// jailNames offers every jail.
func (s *settings) jailNames(ctx context.Context, daemon *control.Client, _ []string) (names []string) {
	status, err := daemon.Status(ctx, control.StatusRequest{})
	if err != nil {
		return nil
	}
	for _, j := range status.Jails {
		names = append(names, j.Name)
	}
	return names
}

// jailFirst offers jails for the first word, and nothing after it.
func (s *settings) jailFirst(ctx context.Context, daemon *control.Client, args []string) []string {
	if len(args) > 0 {
		return nil
	}
	return s.jailNames(ctx, daemon, args)
}

// bannedSubjects offers jails for the first word and everybody who is banned, after a jail those who are in it.
func (s *settings) bannedSubjects(ctx context.Context, daemon *control.Client, args []string) (words []string) {
	jails, request := s.jailNames(ctx, daemon, args), control.BannedRequest{}
	switch {
	case len(args) == 0:
		words = jails
	case slices.Contains(jails, args[0]):
		request.Jail = args[0]
	}
	found, err := daemon.Banned(ctx, request)
	if err != nil {
		return words
	}
	for _, b := range found.Bans {
		words = append(words, b.Subject)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// completeFilters offers files for the first word of bailiff regex and the configuration's filters for the second.
func completeFilters(config *string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
		if len(args) != 1 || strings.Contains(begin, "/") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		root, dir := configRoot(*config)
		unfit := func(name string) bool { return !strings.HasPrefix(name, begin) }
		return slices.DeleteFunc(filterNames(root, dir), unfit), cobra.ShellCompDirectiveDefault
	}
}
