package firewall

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
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
func isLegacy(ctx context.Context, program string) (bool, error) {
	out, err := runProgram(ctx, versionLimit, nil, program, "-V")
	if err != nil {
		return false, err
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

// A fingerprint is a table of iptables-legacy as far as it is looked at four times a second.
type fingerprint struct {
	info tableInfo
	sum  uint64 // of its rules; 0 for a table that is too large to be read so often
}

// readable is how many bytes of rules may be read: some hundreds of rules, which takes the kernel 0.1 ms.
const readable = 64 << 10

// legacyPrint looks at the filter table of a family.
func legacyPrint(socket int, f family) (fingerprint, error) {
	info, err := legacyInfo(socket, f)
	if err != nil || info.size > readable {
		return fingerprint{info: info}, err
	}
	rules, err := legacyRules(socket, f, info)
	if err != nil {
		return fingerprint{info: info}, err
	}
	h := fnv.New64a()
	h.Write(rules)
	return fingerprint{info, h.Sum64()}, nil
}

// legacyRules reads a table's rules: a struct ipt_get_entries, without what the rules have counted.
func legacyRules(socket int, f family, info tableInfo) ([]byte, error) {
	const getEntries, head = 65, 40 // IPT_SO_GET_ENTRIES and IP6T_SO_GET_ENTRIES
	data := make([]byte, head+info.size)
	copy(data, info.name[:])
	binary.NativeEndian.PutUint32(data[32:], info.size)
	size, level := uint32(len(data)), uintptr(unix.SOL_IP)
	next, counters := 90, 96 // where struct ipt_entry has its length, and its counters
	if f.v6 {
		level, next, counters = unix.SOL_IPV6, 142, 152
	}
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), level, getEntries,
		uintptr(unsafe.Pointer(&data[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("read iptables' table: %w", errno)
	}
	rules := data[head:]
	for rule := rules; len(rule) >= counters+16; {
		clear(rule[counters : counters+16])
		rule = rule[min(max(int(binary.NativeEndian.Uint16(rule[next:])), 1), len(rule)):]
	}
	return rules, nil
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
