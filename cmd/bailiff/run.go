package main

import (
	"fmt"
	"net"

	"github.com/spf13/cobra"
)

// runFlags are the flags of bailiff run. They win over the configuration.
type runFlags struct {
	*settings
	state      string
	metrics    string
	metricsSet bool
	dryRun     bool
}

func newRunCommand(s *settings) *cobra.Command {
	f := runFlags{settings: s}
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon in the foreground",
		Long: "Run the daemon in the foreground. Without --config it reads /etc/bailiff, and where there is none the\n" +
			"configuration that is built in. Bans stay in the kernel when it ends.",
		Example: "bailiff run --dry-run\nbailiff run --config /etc/fail2ban --state /var/lib/bailiff-trial --metrics \"\"",
		Args:    arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			f.metricsSet = c.Flags().Changed("metrics")
			if _, _, err := net.SplitHostPort(f.metrics); err != nil && f.metrics != "" {
				return usage(c, fmt.Errorf("--metrics %s: write HOST:PORT, such as %s", f.metrics, defaultListen))
			}
			return runDaemon(c.Context(), f)
		},
	}
	c.Flags().StringVar(&f.state, "state", "", "directory of bailiff.db, made if missing (default "+defaultState+")")
	c.Flags().StringVar(&f.metrics, "metrics", "", `address of /metrics and /healthz, "" for none (default `+defaultListen+")")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be banned, and touch neither firewall nor disk")
	return c
}
