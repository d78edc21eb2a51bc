package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

func newBannedCommand(s *settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "banned [IP...]",
		Short: "List the active bans, all of them or those of some addresses",
		Long:  "List the active bans, all of them or those of some addresses. The exit code is 1 when addresses were asked for and none is banned.",
		RunE: func(c *cobra.Command, args []string) error {
			bans, err := s.client().Banned(c.Context(), args...)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), control.Banned{Bans: bans})
			} else {
				err = printBans(c.OutOrStdout(), bans)
			}
			if err == nil && len(args) > 0 && len(bans) == 0 {
				err = fmt.Errorf("not banned")
			}
			return err
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func printBans(w io.Writer, bans []control.Ban) error {
	if len(bans) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tJAIL\tSINCE\tUNTIL\tFAILURES")
	for _, b := range bans {
		until := "for ever"
		if b.Until != nil {
			until = b.Until.Local().Format(time.DateTime)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\n", b.Subject, b.Jail, b.At.Local().Format(time.DateTime), until, b.Failures)
	}
	return t.Flush()
}
