package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"bailiff/cmd/internal/control"
	"bailiff/jails/event"
)

func newStatusCommand(s *settings) *cobra.Command {
	var asJSON, verify bool
	c := &cobra.Command{
		Use:   "status [JAIL]",
		Short: "Show the jails, or one of them",
		Long: "Show the jails, or one of them. FAILING is how many have failed lately and are not banned, FAILED all failures\n" +
			"since the start, BANNED who is banned now, BANS all bans since the start, and READS where the jail reads. With\n" +
			"--verify the exit code is 1 when the kernel holds other bans, or when a set, a chain, a rule or a jump does not\n" +
			"stand that packets need to be stopped.",
		Example: "bailiff status\nbailiff status sshd\nbailiff status --verify || echo the kernel holds something else",
		Args:    statusArguments,

		ValidArgsFunction: s.complete(s.jailFirst),
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
				err = printJail(c.OutOrStdout(), status.Jails[0], status.DryRun)
			default:
				err = printStatus(c.OutOrStdout(), status, outputWidth(c.OutOrStdout()))
			}
			if err != nil || !verify {
				return err
			}
			return verdict(c.OutOrStdout(), status, asJSON)
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&verify, "verify", false, "also look whether the kernel holds these bans, and all that stops packets")
	return c
}

// statusArguments wants a jail or none. fail2ban-client takes a flavour behind it.
func statusArguments(c *cobra.Command, args []string) error {
	if len(args) == 2 && slices.Contains([]string{"basic", "short", "stats", "stat", "statistic", "cymru"}, args[1]) {
		return usageError{fmt.Errorf("bailiff status has no flavours such as %q\nhint: bailiff status %s, with --json for all that is known", args[1], args[0])}
	}
	return arguments(0, 1)(c, args)
}

// errDiverged is the exit code of a comparison that found something.
var errDiverged = errors.New("bans and kernel differ")

// errIncomplete is the exit code of a look at the kernel that missed something.
var errIncomplete = errors.New("packets may pass: not all that stops them stands in the kernel")

// verdict says how a comparison with the kernel came out.
func verdict(w io.Writer, s control.Status, asJSON bool) error {
	if !asJSON {
		for _, part := range s.Missing {
			fmt.Fprintln(w, "missing in the kernel: "+part)
		}
	}
	if s.Unverified != "" {
		return errors.New(s.Unverified)
	}
	if len(s.Missing) > 0 {
		return errIncomplete
	}
	for _, j := range s.Jails {
		if len(j.Missing)+len(j.Extra) > 0 {
			return errDiverged
		}
	}
	if !asJSON {
		const all = "\nverified: the kernel holds just these bans, and all that stops packets"
		if len(s.Waiting) > 0 {
			fmt.Fprintln(w, all+", except in the chains that do not exist")
			return nil
		}
		fmt.Fprintln(w, all)
	}
	return nil
}

// dryRunNote is said where bans are listed that are none.
const dryRunNote = "dry run: who is banned here would be, and is not"

func printStatus(w io.Writer, s control.Status, width int) error {
	fmt.Fprintf(w, "bailiff %s, up since %s, firewall: %s\n", s.Version, shownTime(s.Started), s.Firewall)
	if s.DryRun {
		fmt.Fprintln(w, dryRunNote)
	}
	if r := s.Repairs; r.Last != nil {
		fmt.Fprintf(w, "firewall repaired %s, last at %s: %s\n", counted(int(r.Count), "time"), shownTime(*r.Last), strings.Join(r.What, ", "))
	}
	if m := s.Metrics; m.Error != "" {
		fmt.Fprintf(w, "metrics are not served on %s: %s\n", m.Address, m.Error)
	}
	printProblems(w, s.Problems)
	if len(s.Waiting) > 0 {
		fmt.Fprintf(w, "nothing is stopped in chains that do not exist: %s\n", strings.Join(s.Waiting, ", "))
	}
	fmt.Fprintln(w)
	if err := printJails(w, s.Jails, width); err != nil {
		return err
	}
	for _, j := range s.Jails {
		printDivergence(w, j)
	}
	return nil
}

func printProblems(w io.Writer, all []control.Problem) {
	for _, p := range all {
		fmt.Fprintf(w, "problem since %s: %s\n", shownTime(p.Since), p.Text)
		for _, line := range p.Details {
			fmt.Fprintln(w, "  "+line)
		}
	}
}

// printJails prints a table of the jails. What they read is wrapped where it would not fit.
func printJails(w io.Writer, jails []control.Jail, width int) error {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "JAIL\tFAILING\tFAILED\tBANNED\tBANS\tREADS")
	for _, j := range jails {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\n", j.Name, j.CurrentlyFailed, j.TotalFailed, j.CurrentlyBanned, j.TotalBanned, reads(j))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	title, _, _ := strings.Cut(table.String(), "\n")
	last := strings.Index(title, "READS")
	for line := range strings.Lines(table.String()) {
		if _, err := io.WriteString(w, wrap(line, last, width)); err != nil {
			return err
		}
	}
	return nil
}

// leastColumn is the narrowest last column that text is wrapped in.
const leastColumn = 20

// wrap breaks a line's text from a column on, between words, into lines of a width; 0: there is none.
func wrap(line string, column, width int) string {
	all := []rune(line)
	if width <= 0 || column >= len(all) || len(all) <= width {
		return line
	}
	width = max(width, column+leastColumn)
	var b strings.Builder
	b.WriteString(string(all[:column]))
	at := column
	for i, word := range strings.Fields(string(all[column:])) {
		n := utf8.RuneCountInString(word)
		switch {
		case i > 0 && at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		case i > 0:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String() + "\n"
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
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
func printJail(w io.Writer, j control.Jail, dryRun bool) error {
	reads := "File list:\t" + strings.Join(j.Files, " ")
	if j.Source == "journal" {
		reads = "Journal matches:\t" + j.JournalMatches
	}
	banned := make([]string, len(j.Banned))
	for i, b := range j.Banned {
		banned[i] = event.Word(b.Subject)
	}
	fmt.Fprintf(w, "Status for the jail: %s\n|- Filter\n|  |- Currently failed:\t%d\n|  |- Total failed:\t%d\n|  `- %s\n",
		j.Name, j.CurrentlyFailed, j.TotalFailed, reads)
	_, err := fmt.Fprintf(w, "`- Actions\n   |- Currently banned:\t%d\n   |- Total banned:\t%d\n   `- Banned IP list:\t%s\n",
		j.CurrentlyBanned, j.TotalBanned, strings.Join(banned, " "))
	if dryRun {
		fmt.Fprintln(w, "note: "+dryRunNote)
	}
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

// outputWidth is how wide a line may be: as COLUMNS says, or the terminal; 0: as wide as it comes.
func outputWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	o, ok := w.(*outputFile)
	if !ok {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(o.file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
