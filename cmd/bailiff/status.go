package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

func newStatusCommand(s *settings) *cobra.Command {
	var asJSON, verify bool
	c := &cobra.Command{
		Use:   "status [JAIL]",
		Short: "Show the jails, or one of them",
		Long:  "Show the jails, or one of them. With --verify the exit code is 1 when bans and kernel differ.",
		Args:  arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			request := control.StatusRequest{Jail: strings.Join(args, ""), Verify: verify}
			status, err := s.client().Status(c.Context(), request)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				err = printJSON(c.OutOrStdout(), status)
			case request.Jail != "":
				err = printJail(c.OutOrStdout(), status.Jails[0])
			default:
				err = printStatus(c.OutOrStdout(), status)
			}
			if err != nil || !verify {
				return err
			}
			return verdict(c.OutOrStdout(), status, asJSON)
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&verify, "verify", false, "also compare the bans with what the kernel holds")
	return c
}

// errDiverged is the exit code of a comparison that found something.
var errDiverged = errors.New("bans and kernel differ")

// verdict says how a comparison with the kernel came out.
func verdict(w io.Writer, s control.Status, asJSON bool) error {
	for _, j := range s.Jails {
		if len(j.Missing)+len(j.Extra) > 0 {
			return errDiverged
		}
	}
	if !asJSON {
		fmt.Fprintln(w, "\nverified: the kernel holds just these bans")
	}
	return nil
}

func printStatus(w io.Writer, s control.Status) error {
	fmt.Fprintf(w, "bailiff %s, up since %s, firewall: %s\n", s.Version, s.Started.Local().Format(time.DateTime), s.Firewall)
	if r := s.Repairs; r.Last != nil {
		fmt.Fprintf(w, "firewall repaired %d times, last at %s: %s\n", r.Count, r.Last.Local().Format(time.DateTime), strings.Join(r.What, ", "))
	}
	if m := s.Metrics; m.Error != "" {
		fmt.Fprintf(w, "metrics are not served on %s: %s\n", m.Address, m.Error)
	}
	printProblems(w, s.Problems)
	if len(s.Waiting) > 0 {
		fmt.Fprintf(w, "nothing is stopped in chains that do not exist: %s\n", strings.Join(s.Waiting, ", "))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "JAIL\tFAILING\tFAILED\tBANNED\tBANS\tREADS")
	for _, j := range s.Jails {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\n", j.Name, j.CurrentlyFailed, j.TotalFailed, j.CurrentlyBanned, j.TotalBanned, reads(j))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, j := range s.Jails {
		printDivergence(w, j)
	}
	return nil
}

func printProblems(w io.Writer, all []control.Problem) {
	for _, p := range all {
		fmt.Fprintf(w, "problem since %s: %s\n", p.Since.Local().Format(time.DateTime), p.Text)
		for _, line := range p.Details {
			fmt.Fprintln(w, "  "+line)
		}
	}
}

// shownFiles is how many of a jail's files stand in its line; status JAIL and --json tell all.
const shownFiles = 4

// reads says where the jail's lines come from, in one cell.
func reads(j control.Jail) string {
	what := j.Source
	switch {
	case j.JournalMatches != "":
		what += ": " + j.JournalMatches
	case len(j.Files) > 0:
		what += ": " + strings.Join(j.Files[:min(len(j.Files), shownFiles)], " ")
	}
	if more := len(j.Files) - shownFiles; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	if j.Note != "" {
		what += " (" + j.Note + ")"
	}
	return what
}

// printJail uses the layout of fail2ban-client status JAIL, which people's scripts know.
func printJail(w io.Writer, j control.Jail) error {
	reads := "File list:\t" + strings.Join(j.Files, " ")
	if j.Source == "journal" {
		reads = "Journal matches:\t" + j.JournalMatches
	}
	banned := make([]string, len(j.Banned))
	for i, b := range j.Banned {
		banned[i] = b.Subject
	}
	fmt.Fprintf(w, "Status for the jail: %s\n|- Filter\n|  |- Currently failed:\t%d\n|  |- Total failed:\t%d\n|  `- %s\n",
		j.Name, j.CurrentlyFailed, j.TotalFailed, reads)
	_, err := fmt.Fprintf(w, "`- Actions\n   |- Currently banned:\t%d\n   |- Total banned:\t%d\n   `- Banned IP list:\t%s\n",
		j.CurrentlyBanned, j.TotalBanned, strings.Join(banned, " "))
	if j.Note != "" {
		fmt.Fprintf(w, "note: %s\n", j.Note)
	}
	printDivergence(w, j)
	return err
}

func printDivergence(w io.Writer, j control.Jail) {
	if len(j.Missing) > 0 {
		fmt.Fprintf(w, "%s: banned, but not in the kernel: %s\n", j.Name, strings.Join(j.Missing, " "))
	}
	if len(j.Extra) > 0 {
		fmt.Fprintf(w, "%s: in the kernel, but not banned: %s\n", j.Name, strings.Join(j.Extra, " "))
	}
}
