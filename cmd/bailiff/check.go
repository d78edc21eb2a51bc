package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
)

// errFaulty and errStrict end a command whose faults, or warnings, have been printed.
var (
	errFaulty = errors.New("the configuration has faults")
	errStrict = errors.New("the configuration draws warnings, and --strict refuses those")
)

func newCheckCommand(s *settings) *cobra.Command {
	var asJSON, strict bool
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Print everything that is wrong in the configuration",
		Long: "Print everything that is wrong in the configuration, as FILE:LINE: [section] option: what and how to mend it.\n" +
			"Faults keep a jail from running. Warnings are about what has no effect, or another one than it seems to have:\n" +
			"a jail whose log is not there, a comment behind a value. The exit code is 1 when there is a fault, and with\n" +
			"--strict when there is a warning, too.",
		Example: "bailiff config check\nbailiff config check --config /etc/fail2ban\nbailiff config check --strict && bailiff reload",
		Args:    arguments(0, 1),

		ValidArgsFunction: completeDirectories,
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.directory(c, args); err != nil {
				return err
			}
			conf, err := loadConfig(s.config)
			conf.Warnings = append(conf.Warnings, unread(conf)...)
			if asJSON {
				if err := printJSON(c.OutOrStdout(), checked(conf)); err != nil {
					return err
				}
			} else {
				printCheck(c.OutOrStdout(), c.ErrOrStderr(), conf)
			}
			switch {
			case err != nil:
				return errFaulty
			case strict && len(conf.Warnings) > 0:
				return errStrict
			}
			return nil
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&strict, "strict", false, "fail for warnings, too")
	return c
}

// printCheck prints faults and warnings to stderr, and to stdout a line that sums them up.
func printCheck(stdout, stderr io.Writer, c *config.Config) {
	for _, f := range c.Faults {
		fmt.Fprintln(stderr, f.Error())
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(stderr, "warning:", w.Error())
	}
	fmt.Fprintln(stdout, summary(c))
}

// summary says in a line how much is wrong and what is guarded.
func summary(c *config.Config) string {
	line := "no faults"
	if n := len(c.Faults); n > 0 {
		line = counted(n, "fault")
	}
	line += "; " + counted(len(c.Jails), "jail") + " enabled"
	if len(c.LeftOut) > 0 {
		var names []string
		for _, l := range c.LeftOut {
			names = append(names, l.Name)
		}
		line += ", and left out for faults: " + someOf(names)
	}
	if len(c.Jails) == 0 {
		line += ": NOTHING IS GUARDED"
	}
	return line
}

// A checkReport is what config check --json prints.
type checkReport struct {
	OK       bool            `json:"ok"`    // there is no fault
	Jails    []string        `json:"jails"` // those that run
	LeftOut  []string        `json:"left_out"`
	Faults   []control.Fault `json:"faults"`
	Warnings []control.Fault `json:"warnings"`
}

func checked(c *config.Config) checkReport {
	r := checkReport{OK: len(c.Faults) == 0, Jails: []string{}, LeftOut: []string{},
		Faults: faultAnswers("fault", c.Faults), Warnings: faultAnswers("warning", c.Warnings)}
	for _, j := range c.Jails {
		r.Jails = append(r.Jails, j.Name)
	}
	for _, l := range c.LeftOut {
		r.LeftOut = append(r.LeftOut, l.Name)
	}
	return r
}
