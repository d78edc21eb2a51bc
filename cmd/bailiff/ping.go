package main

import (
	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

func newPingCommand(s *settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "ping",
		Short:   "Ask whether the daemon answers",
		Example: "bailiff ping && echo it runs",
		Args:    arguments(0, 0),
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
		Use:     "version",
		Short:   "Print the version of this program",
		Example: "bailiff version",
		Args:    arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return printChange(c.OutOrStdout(), asJSON, control.Version{Version: version}, "bailiff "+version)
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
