package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/logging"
	"bailiff/firewall"
)

func newFirewallCommand(s *settings) *cobra.Command {
	c := &cobra.Command{
		Use:   "firewall",
		Short: "Work on the kernel's packet filter",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return usage(c, errors.New("name a command: remove"))
		},
	}
	c.AddCommand(&cobra.Command{
		Use:   "remove",
		Short: "Lift every set, rule and chain of bailiff's, with the daemon stopped",
		Long: "Lift every set, rule and chain of bailiff's, with the daemon stopped: nobody is stopped any longer. The bans stay\n" +
			"in the store, and the next start puts back those whose time is not over; bailiff unban --all, while the daemon\n" +
			"runs, lifts them for good.",
		Example: "systemctl stop bailiff && bailiff firewall remove",
		Args:    arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			running, err := s.client().Listens(c.Context())
			if err != nil {
				return err
			}
			if running {
				return errors.New("the daemon is running and would put everything back\nhint: systemctl stop bailiff")
			}
			lines := logging.New("")
			err = firewall.LiftAll(c.Context(), firewall.Options{Log: slog.New(lines.Handler(slog.LevelWarn))})
			if err = errors.Join(err, lines.Finish()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "removed; the next start puts back the bans whose time is not over")
			return err
		},
	})
	return c
}
