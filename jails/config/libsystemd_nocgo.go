//go:build !cgo

package config

// hasLibsystemd tells whether this program can read journals through systemd's library, which takes cgo.
const hasLibsystemd = false
