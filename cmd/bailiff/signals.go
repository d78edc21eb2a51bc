package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// daemonSignals sets up what signals do to a daemon. SIGHUP asks for a reload and comes out of hup, but ends a daemon whose
// terminal goes away. SIGPIPE does nothing: whoever reads the log may go away, and writing then fails.
func daemonSignals(ctx context.Context) (_ context.Context, hup <-chan os.Signal, stop func()) {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // ignoring it would be inherited by the programs that the daemon starts
	if isTerminal(os.Stderr) {
		ended := func() {}
		if !signal.Ignored(syscall.SIGHUP) { // nohup
			ctx, ended = signal.NotifyContext(ctx, syscall.SIGHUP)
		}
		return ctx, nil, func() { ended(); signal.Stop(pipe) }
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	return ctx, reload, func() { signal.Stop(reload); signal.Stop(pipe) }
}

// isTerminal reports whether the file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
