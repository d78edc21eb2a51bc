package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bailiff/cmd/internal/control"
)

func newBanCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "ban JAIL IP...",
		Short: "Ban addresses or networks in a jail, for the jail's bantime",
		Args:  arguments(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := s.client().Ban(c.Context(), control.BanRequest{Jail: args[0], Subjects: args[1:]})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d banned\n", n)
			return nil
		},
	}
}

func newUnbanCommand(s *settings) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "unban IP... | --all",
		Short: "Lift the bans of addresses or networks in every jail",
		Args: func(c *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage(c, fmt.Errorf("either addresses or --all"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			n, err := s.client().Unban(c.Context(), control.UnbanRequest{Subjects: args, All: all})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d unbanned\n", n)
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "lift every ban")
	return c
}
