package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
	"bailiff/jails/event"
)

func newBanCommand(s *settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ban JAIL IP...",
		Short: "Ban addresses or networks in a jail, for the jail's bantime",
		Args:  arguments(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := s.client().Ban(c.Context(), control.BanRequest{Jail: args[0], Subjects: args[1:]})
			if err != nil {
				return err
			}
			return printChange(c.OutOrStdout(), asJSON, control.Changed{Count: n}, fmt.Sprintf("%d banned", n))
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func newUnbanCommand(s *settings) *cobra.Command {
	var all, asJSON bool
	c := &cobra.Command{
		Use:   "unban IP... | --all",
		Short: "Lift the bans of addresses or networks in every jail",
		Long: "Lift the bans of addresses or networks in every jail. A network lifts the bans of all that lies in it. The exit\n" +
			"code is 1 when nothing was banned, and when a wider network that is banned holds an address.",
		Args: func(c *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage(c, fmt.Errorf("either addresses or --all"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			done, err := s.client().Unban(c.Context(), control.UnbanRequest{Subjects: args, All: all})
			if err != nil {
				return err
			}
			if done.Count > 0 || len(done.Still) == 0 || asJSON {
				err = printChange(c.OutOrStdout(), asJSON, done, fmt.Sprintf("%d unbanned", done.Count))
			}
			return errors.Join(err, stillBanned(args, done.Still))
		},
	}
	c.Flags().BoolVar(&all, "all", false, "lift every ban")
	jsonFlag(c, &asJSON)
	return c
}

// stillBanned is the error of an unban that wider bans leave without effect.
func stillBanned(asked []string, wider []control.Ban) error {
	if len(wider) == 0 {
		return nil
	}
	var networks, why []string
	for _, b := range wider {
		wide := event.Ban{Subject: named(b.Subject)}
		inside := slices.DeleteFunc(slices.Clone(asked), func(word string) bool { return !newAsked([]string{word}).stoppedBy(wide) })
		networks = append(networks, b.Subject)
		why = append(why, fmt.Sprintf("%s lies in %s, which is banned in jail %s", strings.Join(inside, " "), b.Subject, b.Jail))
	}
	return &control.Error{Kind: control.NotFound, Message: strings.Join(why, "; "),
		Hint: fmt.Sprintf("bailiff unban %s lifts the ban of the whole network", strings.Join(slices.Compact(networks), " "))}
}

// printChange says what a command did, as JSON or in a line.
func printChange(w io.Writer, asJSON bool, v any, line string) error {
	if asJSON {
		return printJSON(w, v)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

func jsonFlag(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print JSON")
}
