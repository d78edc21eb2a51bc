package main

import (
	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

func newPingCommand(s *settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ping",
		Short: "Ask whether the daemon answers",
		Args:  arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.client().Ping(c.Context()); err != nil {
				return err
			}
			return printChange(c.OutOrStdout(), asJSON, control.Pong{Reply: "pong"}, "pong")
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func newVersionCommand(*settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return printChange(c.OutOrStdout(), asJSON, control.Version{Version: version}, "bailiff "+version)
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func newReloadCommand(s *settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "reload [JAIL]",
		Short: "Read the configuration again, all of it or one jail's",
		Long: "Read the configuration again. When it has faults the old one stays and the faults are printed.\n" +
			"Failures and bans are kept; the bans of a jail that is gone are lifted.",
		Args: arguments(0, 1),

		ValidArgsFunction: s.complete(s.jailFirst),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.client().Reload(c.Context(), reloadRequest(args)); err != nil {
				return err
			}
			return printChange(c.OutOrStdout(), asJSON, struct {
				Reloaded bool `json:"reloaded"`
			}{true}, "reloaded")
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
