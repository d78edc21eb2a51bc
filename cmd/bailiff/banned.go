package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
	"bailiff/jails/event"
)

func newBannedCommand(s *settings) *cobra.Command {
	var asJSON bool
	var jail string
	c := &cobra.Command{
		Use:   "banned [JAIL] [IP...]",
		Short: "List the active bans, all of them or those of some addresses",
		Long: "List the active bans, all of them, or those of some addresses, or those of the jail that --jail or the first word\n" +
			"names. The exit code is 1 when addresses or a jail were asked for and nobody is banned.",
		Example:           "bailiff banned\nbailiff banned --jail sshd\nbailiff banned 192.0.2.1",
		ValidArgsFunction: s.complete(s.bannedSubjects),
		RunE: func(c *cobra.Command, args []string) error {
			found, err := s.client().Banned(c.Context(), control.BannedRequest{Jail: jail, Subjects: args})
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), found)
			} else {
				err = printBans(c.OutOrStdout(), found)
			}
			switch {
			case err != nil || len(found.Bans) > 0:
				sayNotBanned(c.ErrOrStderr(), found.NotBanned)
			case len(found.NotBanned) > 0:
				err = notDone(found.NotBanned)
			case found.Jail != "":
				err = fmt.Errorf("nobody is banned in jail %s", found.Jail)
			case !asJSON:
				fmt.Fprintln(c.ErrOrStderr(), "nobody is banned")
			}
			return err
		},
	}
	s.jailFlag(c, &jail, "list bans of this jail only")
	jsonFlag(c, &asJSON)
	return c
}

// sayNotBanned names those who are not banned beside others who are.
func sayNotBanned(w io.Writer, words []control.NotBanned) {
	var e *control.Error
	if errors.As(notDone(words), &e) {
		fmt.Fprintln(w, "bailiff:", e.Message)
	}
}

func printBans(w io.Writer, found control.Banned) error {
	if len(found.Bans) == 0 {
		return nil
	}
	if found.DryRun {
		fmt.Fprintln(w, "dry run: these would be banned, and are not")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tJAIL\tSINCE\tUNTIL\tFAILURES")
	for _, b := range found.Bans {
		until := "for ever"
		if b.Until != nil {
			until = shownTime(*b.Until)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\n", event.Word(b.Subject), b.Jail, shownTime(b.At), until, b.Failures)
	}
	return t.Flush()
}

// shownTime writes a time in the reader's zone, and names that zone where the daemon, and so its log, has another.
func shownTime(at time.Time) string {
	_, theirs := at.Zone()
	if _, ours := at.Local().Zone(); ours != theirs {
		return at.Local().Format(time.DateTime + " -07:00")
	}
	return at.Local().Format(time.DateTime)
}
