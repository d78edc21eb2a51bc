//go:build !sdjournal

package config

// hasLibsystemd reports whether this program can read journals through systemd's library.
const hasLibsystemd = false
