//go:build amd64 || arm64

package journal

// fetch has the processor fetch fetchBytes from memory and does not wait for
// them.
//
//go:noescape
func fetch(at *byte)
