package firewall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openXTables finds iptables for both families; for IPv6 only where the kernel speaks it.
func openXTables(o Options) ([]*xtable, error) {
	if err := lockFile(o.RuntimeDir); err != nil {
		return nil, err
	}
	var tables []*xtable
	for _, f := range families() {
		if f.v6 && !kernelHasIPv6() {
			continue
		}
		t, err := openXTable(f, o.program())
		if err != nil {
			return nil, errors.Join(explain(err, "ip_tables"), closeAll(tables))
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// lockFile has the iptables that we start take a lock of our own where we may not take everybody's: the lock is
// advisory, and the kernel itself says EAGAIN to whom comes second.
func lockFile(runtimeDir string) error {
	const variable = "XTABLES_LOCKFILE" // read by iptables 1.8.6 and later
	if os.Geteuid() == 0 || runtimeDir == "" || os.Getenv(variable) != "" {
		return nil
	}
	if err := os.Setenv(variable, filepath.Join(runtimeDir, "xtables.lock")); err != nil {
		return fmt.Errorf("name iptables' lock file: %w", err)
	}
	return nil
}

func kernelHasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return !errors.Is(err, unix.EAFNOSUPPORT)
}
