package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"bailiff/jails/config"
)

func newConfigCommand(s *settings) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print it as it was resolved",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return usage(c, errors.New("name a command: check or dump"))
		},
	}
	c.AddCommand(newCheckCommand(s), newDumpCommand(s))
	return c
}

// directory takes the configuration's directory from the arguments, where --config does not name it.
func (s *settings) directory(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case s.config != "" && s.config != args[0]:
		return usage(c, fmt.Errorf("which directory is meant, %s or %s?", s.config, args[0]))
	}
	s.config = args[0]
	return checkDirectory(c, s.config)
}

// completeDirectories offers directories.
func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func newDumpCommand(s *settings) *cobra.Command {
	var fail2ban bool
	c := &cobra.Command{
		Use:     "dump [DIR]",
		Short:   "Print the configuration as it was resolved",
		Example: "bailiff config dump\nbailiff config dump --config /etc/fail2ban --fail2ban",
		Args:    arguments(0, 1),

		ValidArgsFunction: completeDirectories,
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.directory(c, args); err != nil {
				return err
			}
			dump := config.Dump
			if fail2ban {
				dump = config.DumpFail2ban
			}
			root, dir := configRoot(s.config)
			var out bytes.Buffer
			if err := dump(root, dir, &out); err != nil {
				fmt.Fprintln(c.ErrOrStderr(), err)
				return errFaulty
			}
			_, err := out.WriteTo(c.OutOrStdout())
			return err
		},
	}
	c.Flags().BoolVar(&fail2ban, "fail2ban", false, "in the form of fail2ban-client -d")
	return c
}
