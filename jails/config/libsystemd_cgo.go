//go:build cgo

package config

// hasLibsystemd tells whether this program can read journals through systemd's library.
const hasLibsystemd = true
