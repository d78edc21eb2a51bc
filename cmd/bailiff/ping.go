package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newPingCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "ping",
		Short: "Ask whether the daemon answers",
		Args:  arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.client().Ping(c.Context()); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "pong")
			return nil
		},
	}
}

func newVersionCommand(*settings) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			fmt.Fprintln(c.OutOrStdout(), "bailiff", version)
			return nil
		},
	}
}

func newReloadCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "reload [JAIL]",
		Short: "Read the configuration again, all of it or one jail's",
		Long: "Read the configuration again. When it has faults the old one stays and the faults are printed.\n" +
			"Failures and bans are kept; the bans of a jail that is gone are lifted.",
		Args: arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.client().Reload(c.Context(), reloadRequest(args)); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "reloaded")
			return nil
		},
	}
}
