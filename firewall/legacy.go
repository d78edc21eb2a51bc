package firewall

import (
	"fmt"
	"os/exec"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tableInfo is what the kernel tells of a table of iptables-legacy at almost no cost: struct ipt_getinfo of
// linux/netfilter_ipv4/ip_tables.h, the same for IPv6. It changes with almost every change of the table.
type tableInfo struct {
	name       [32]byte
	validHooks uint32
	hookEntry  [5]uint32
	underflow  [5]uint32
	entries    uint32
	size       uint32
}

// isLegacy tells whether a program is iptables-legacy: it says so, or is older than 1.8 and says nothing.
func isLegacy(program string) (bool, error) {
	out, err := exec.Command(program, "-V").Output()
	if err != nil {
		return false, fmt.Errorf("run %s -V: %w", program, err)
	}
	return !strings.Contains(string(out), "nf_tables"), nil
}

// legacyInfo asks about the filter table of a family over a raw socket. It must not be asked where iptables-nft is at
// work, for it makes the table.
func legacyInfo(socket int, f family) (tableInfo, error) {
	const getInfo = 64 // IPT_SO_GET_INFO and IP6T_SO_GET_INFO
	info := tableInfo{name: [32]byte{'f', 'i', 'l', 't', 'e', 'r'}}
	size := uint32(unsafe.Sizeof(info))
	level := uintptr(unix.SOL_IP)
	if f.v6 {
		level = unix.SOL_IPV6
	}
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), level, getInfo,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return info, fmt.Errorf("ask for iptables' table: %w", errno)
	}
	return info, nil
}

// rawSocket opens a socket that legacyInfo can ask over.
func rawSocket(f family) (int, error) {
	domain := unix.AF_INET
	if f.v6 {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return -1, fmt.Errorf("open raw socket: %w", err)
	}
	return fd, nil
}
