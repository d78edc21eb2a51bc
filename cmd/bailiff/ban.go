package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

func newBanCommand(s *settings) *cobra.Command {
	var asJSON, force bool
	var lasts string
	c := &cobra.Command{
		Use:   "ban JAIL IP...",
		Short: "Ban addresses or networks in a jail",
		Long: "Ban addresses or networks in a jail, for the jail's bantime or for --time. A ban that stands is prolonged where it\n" +
			"would end sooner. Whom the jail's ignoreip spares, and this machine's own addresses, are banned with --force only;\n" +
			"without it the exit code is then 1.",
		Example:           "bailiff ban sshd 192.0.2.1 198.51.100.0/24\nbailiff ban --time 1w sshd 2001:db8::/64",
		Args:              banArguments,
		ValidArgsFunction: s.complete(s.jailFirst),
		RunE: func(c *cobra.Command, args []string) error {
			request := control.BanRequest{Jail: args[0], Subjects: args[1:], Force: force}
			if c.Flags().Changed("time") {
				seconds, err := banTime(lasts)
				if err != nil {
					return usage(c, err)
				}
				request.Seconds = &seconds
			}
			if err := sparesReader(request, os.Getenv("SSH_CONNECTION")); err != nil {
				return err
			}
			done, err := s.client().Ban(c.Context(), request)
			if err != nil {
				return err
			}
			return report(c, done, asJSON)
		},
	}
	c.Flags().StringVarP(&lasts, "time", "t", "", "how long the bans last, as bantime is written: 10m, 1d 12h; -1 for ever")
	c.Flags().BoolVarP(&force, "force", "f", false, "also ban whom ignoreip spares, and this machine's own addresses")
	jsonFlag(c, &asJSON)
	return c
}

// banArguments wants a jail and addresses.
func banArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == "" { // of a script whose variable is not set
		return usage(c, errors.New("the jail is empty"))
	}
	if len(args) > 1 {
		return nil
	}
	if len(args) == 1 {
		if _, isNetwork := named(args[0]).Prefix(); isNetwork {
			return usage(c, fmt.Errorf("too few arguments: 1: in which jail is %s to be banned?", args[0]))
		}
		return usage(c, fmt.Errorf("too few arguments: 1: who is to be banned in %s?", args[0]))
	}
	return usage(c, errors.New("too few arguments: 0: name a jail and addresses"))
}

// sparesReader refuses to ban where the reader sits: sshd's SSH_CONNECTION begins with that address.
func sparesReader(r control.BanRequest, connection string) error {
	from, _, _ := strings.Cut(connection, " ")
	you := event.Ban{Subject: named(from)}
	if _, isNetwork := you.Network(); !isNetwork || r.Force {
		return nil
	}
	for _, word := range r.Subjects {
		if newAsked([]string{word}).around(you) {
			return &control.Error{Kind: control.Invalid, Message: fmt.Sprintf("%s would lock you out: you are connected from %s", word, from),
				Hint: "--force bans it all the same"}
		}
	}
	return nil
}

// banTime reads how many seconds a ban is to last, below zero for ever.
func banTime(text string) (seconds int64, err error) {
	d, err := config.ParseDuration(text)
	switch {
	case strings.TrimSpace(text) == "" || err != nil:
		return 0, fmt.Errorf("--time %q is not a time: write 600, 10m, 1d 12h, or -1 for ever", text)
	case d >= 0 && d < time.Second:
		return 0, fmt.Errorf("--time %s: a ban of no time bans nobody; write 10m, 1d 12h, or -1 for ever", text)
	case d < 0:
		return -1, nil
	}
	return int64(d / time.Second), nil
}

func newUnbanCommand(s *settings) *cobra.Command {
	var all, asJSON bool
	var jail string
	c := &cobra.Command{
		Use:   "unban [JAIL] IP... | --all",
		Short: "Lift the bans of addresses or networks, in every jail or in one",
		Long: "Lift the bans of addresses or networks, in every jail, or in one that --jail or the first word names. A network\n" +
			"lifts the bans of all that lies in it. The exit code is 1 when some of them was not banned, and when a wider\n" +
			"network that is banned holds an address.",
		Example:           "bailiff unban 192.0.2.1\nbailiff unban --jail sshd 192.0.2.0/24\nbailiff unban --jail sshd --all",
		ValidArgsFunction: s.complete(s.bannedSubjects),
		Args: func(c *cobra.Command, args []string) error {
			if all && len(args) == 1 && jail == "" {
				if _, isNetwork := named(args[0]).Prefix(); !isNetwork {
					return nil // a jail
				}
			}
			if all == (len(args) > 0) {
				return usage(c, errors.New("either addresses or --all"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			request := control.UnbanRequest{Jail: jail, Subjects: args, All: all}
			if all && len(args) == 1 {
				request.Jail, request.Subjects = args[0], nil
			}
			done, err := s.client().Unban(c.Context(), request)
			if err != nil {
				return err
			}
			return errors.Join(report(c, done, asJSON), stillBanned(args, done.Still))
		},
	}
	c.Flags().BoolVar(&all, "all", false, "lift every ban")
	s.jailFlag(c, &jail, "lift bans of this jail only")
	jsonFlag(c, &asJSON)
	return c
}

// jailFlag adds --jail to a command.
func (s *settings) jailFlag(c *cobra.Command, jail *string, usage string) {
	c.Flags().StringVarP(jail, "jail", "j", "", usage)
	// The flag is there: its completion can be registered.
	_ = c.RegisterFlagCompletionFunc("jail", s.complete(s.jailNames))
}

// stillBanned is the error of an unban that wider bans leave without effect.
func stillBanned(asked []string, wider []control.Ban) error {
	if len(wider) == 0 {
		return nil
	}
	var networks, why []string
	for _, b := range wider {
		network := cmp.Or(b.Blocks, b.Subject)
		wide := event.Ban{Subject: named(network)}
		inside := slices.DeleteFunc(slices.Clone(asked), func(word string) bool { return !newAsked([]string{word}).stoppedBy(wide) })
		networks = append(networks, b.Subject)
		why = append(why, fmt.Sprintf("%s lies in %s, which is banned in jail %s", strings.Join(inside, " "), network, b.Jail))
	}
	return &control.Error{Kind: control.NotFound, Message: strings.Join(why, "; "),
		Hint: fmt.Sprintf("bailiff unban %s lifts the ban of the whole network", strings.Join(slices.Compact(networks), " "))}
}

// shownChanges is how many bans a command tells of one by one.
const shownChanges = 20

// report says what a request did, and is the error of what was not done.
func report(c *cobra.Command, done control.Changed, asJSON bool) error {
	if asJSON {
		return errors.Join(printJSON(c.OutOrStdout(), done), notDone(done.NotBanned))
	}
	if len(done.Changes) > shownChanges {
		printCounts(c.OutOrStdout(), done)
	} else {
		for _, one := range done.Changes {
			fmt.Fprintln(c.OutOrStdout(), changed(one, done.DryRun))
		}
	}
	if len(done.Changes)+len(done.NotBanned)+len(done.Still) == 0 {
		fmt.Fprintln(c.OutOrStdout(), "nobody is banned")
	}
	if done.Note != "" {
		fmt.Fprintln(c.ErrOrStderr(), "note:", done.Note)
	}
	for _, b := range done.Elsewhere[:min(len(done.Elsewhere), shownChanges)] {
		fmt.Fprintf(c.ErrOrStderr(), "note: %s is banned in %s still\n", event.Word(b.Subject), b.Jail)
	}
	return notDone(done.NotBanned)
}

// changed says what became of one ban.
func changed(c control.Change, dryRun bool) string {
	switch c.Outcome {
	case control.Lifted:
		only := ""
		if c.KernelOnly {
			only = ", of which only the kernel knew"
		}
		return fmt.Sprintf("%s %s in %s%s", pretended(dryRun, "unbanned"), event.Word(c.Subject), c.Jail, only)
	case control.Unchanged:
		return fmt.Sprintf("%s was banned in %s already, %s%s", event.Word(c.Subject), c.Jail, ends(c.Until), cut(c))
	case control.Prolonged:
		if ends(c.Before) == ends(c.Until) { // by less than a second
			return fmt.Sprintf("%s was banned in %s already, %s%s", event.Word(c.Subject), c.Jail, ends(c.Until), cut(c))
		}
		return fmt.Sprintf("%s was banned in %s already, %s; now %s%s", event.Word(c.Subject), c.Jail, ends(c.Before), ends(c.Until), cut(c))
	}
	return fmt.Sprintf("%s %s in %s, %s%s", pretended(dryRun, "banned"), event.Word(c.Subject), c.Jail, ends(c.Until), cut(c))
}

// pretended is the word for something that was done, or for what a dry run would do.
func pretended(dryRun bool, done string) string {
	if dryRun {
		return "would " + strings.TrimSuffix(done, "ned")
	}
	return done
}

// cut says that a network was named by an address in it, or is blocked around it.
func cut(c control.Change) string {
	if c.Blocks != "" {
		return fmt.Sprintf(" (all of %s is blocked, as the jail's action says)", c.Blocks)
	}
	p, err := netip.ParsePrefix(strings.NewReplacer("[", "", "]", "", " ", "").Replace(c.Asked))
	if err != nil || p.Addr() == p.Masked().Addr() {
		return ""
	}
	return fmt.Sprintf(" (%s stands for that whole network)", c.Asked)
}

// ends says when a ban ends.
func ends(end *time.Time) string {
	if end == nil {
		return "for ever"
	}
	return "until " + shownTime(*end)
}

// printCounts says how many bans were changed in which way.
func printCounts(w io.Writer, done control.Changed) {
	of := map[control.Outcome]int{}
	for _, c := range done.Changes {
		of[c.Outcome]++
	}
	would := ""
	if done.DryRun {
		would = "dry run: "
	}
	for _, o := range []control.Outcome{control.Made, control.Prolonged, control.Unchanged, control.Lifted} {
		if of[o] > 0 {
			fmt.Fprintf(w, "%s%d %s\n", would, of[o], strings.ReplaceAll(string(o), "-", " "))
		}
	}
}

// notDone is the error of the words for which nothing was done.
func notDone(words []control.NotBanned) error {
	if len(words) == 0 {
		return nil
	}
	var plain, lines, hints []string
	reason := ""
	for _, w := range words {
		if strings.HasPrefix(w.Reason, notBannedReason) {
			plain, reason = append(plain, w.Subject), w.Reason
		} else {
			lines = append(lines, w.Reason)
		}
		if !slices.Contains(hints, w.Hint) {
			hints = append(hints, w.Hint)
		}
	}
	if plain != nil {
		lines = append([]string{reason + ": " + strings.Join(plain, " ")}, lines...)
	}
	return &control.Error{Kind: control.NotFound, Message: strings.Join(lines, "\nbailiff: "), Hint: strings.Join(hints, "\nhint: ")}
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
