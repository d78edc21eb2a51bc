# machine.sh - functions that boot a real Debian in systemd-nspawn, with a network of its own and a neighbour to attack it
# from. To be sourced. Nothing of the host is changed: the root is kept in a cache and each boot writes into memory only.
# Several machines may run at once: each has a name of its own.
#
#   machine_build        makes the root directory, if it is not in the cache yet, and sets $booted_root
#   machine_start        boots $booted_root and returns when it is up         machine_stop         powers it off
#   inside CMD...        runs CMD in the machine                    outside CMD...       the same, with the neighbour's network
#   neighbour CMD...     runs a program of the host with the neighbour's network
#
# The machine is 10.77.0.1 and fd77::1. The neighbour owns 198.51.100.0/24, 203.0.113.0/24 and 2001:db8::/32.
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
MACHINE=$(</proc/sys/kernel/random/uuid)
MACHINE=bailiff-${MACHINE%%-*}
machine_pid= nspawn_pid= machine_log=
unified=/sys/fs/cgroup legacy=
[ -e /sys/fs/cgroup/unified/cgroup.procs ] && unified=/sys/fs/cgroup/unified
[ -e /sys/fs/cgroup/systemd/cgroup.procs ] && legacy=/sys/fs/cgroup/systemd

machine_build() {
	booted_root packages "systemd-sysv,dbus,init-system-helpers,openssh-server,openssh-client,sshpass,iptables,ipset,nftables,\
iproute2,procps,man-db,bash-completion,rpm" machine_settle
}

machine_settle() { # ROOT
	local unit
	for unit in getty@ console-getty systemd-networkd systemd-resolved apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer; do
		case $unit in *.timer) ;; *) unit=$unit.service ;; esac
		ln -sf /dev/null "$1/etc/systemd/system/$unit"
	done
	sed -i 's/\(pam_unix.so.*\)$/\1 nodelay/' "$1/etc/pam.d/common-auth" # else each wrong password takes three seconds
	echo "MaxStartups 1000" >"$1/etc/ssh/sshd_config.d/test.conf" # else sshd drops some of those that knock so often
}

machine_network() {
	local box="ip -n $MACHINE" out="ip -n $MACHINE-out" net
	ip netns add "$MACHINE" && ip netns add "$MACHINE-out"
	$box link add eth0 type veth peer name eth0 netns "$MACHINE-out"
	ip netns exec "$MACHINE-out" sysctl -qw net.ipv6.ip_nonlocal_bind=1
	$box addr add 10.77.0.1/24 dev eth0 && $out addr add 10.77.0.2/24 dev eth0
	$box addr add fd77::1/64 dev eth0 nodad && $out addr add fd77::2/64 dev eth0 nodad
	for net in "$box" "$out"; do $net link set lo up && $net link set eth0 up; done
	for net in 198.51.100.0/24 203.0.113.0/24; do
		$out route add local $net dev lo && $box route add $net via 10.77.0.2
	done
	$out -6 route add local 2001:db8::/32 dev lo && $box -6 route add 2001:db8::/32 via fd77::2
}

machine_start() {
	local child state i
	machine_log=$(mktemp)
	machine_network
	mkdir -p "$unified/$MACHINE" ${legacy:+"$legacy/$MACHINE"}
	( # nspawn makes groups beside its own, so it gets one to itself
		echo $BASHPID >"$unified/$MACHINE/cgroup.procs"
		[ -z "$legacy" ] || echo $BASHPID >"$legacy/$MACHINE/cgroup.procs"
		export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
		exec systemd-nspawn --quiet --directory="$booted_root" --read-only --volatile=overlay --machine="$MACHINE" --register=no --keep-unit \
			--network-namespace-path="/run/netns/$MACHINE" --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off \
			--link-journal=no --console=pipe --boot </dev/null >"$machine_log" 2>&1
	) &
	nspawn_pid=$!
	for ((i = 0; i < 500; i++)); do
		kill -0 $nspawn_pid 2>/dev/null || { cat "$machine_log" >&2; return 1; }
		child=$(pgrep -P $nspawn_pid -x systemd | head -n 1) || true
		[ -z "$child" ] || break
		sleep 0.02
	done
	machine_pid=${child:?systemd did not start in the machine}
	for ((i = 0; i < 500; i++)); do
		state=$(inside systemctl is-system-running --wait 2>/dev/null) || true
		case $state in running | degraded) return 0 ;; esac
		sleep 0.02
	done
	echo "the machine is $state" >&2
	return 1
}

machine_stop() {
	local i dir
	if [ -n "$nspawn_pid" ]; then
		[ -z "$machine_pid" ] || kill -s RTMIN+4 "$machine_pid" 2>/dev/null || true # power off
		for ((i = 0; i < 100; i++)); do
			kill -0 "$nspawn_pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL $machine_pid "$nspawn_pid" 2>/dev/null || true
		wait "$nspawn_pid" 2>/dev/null || true
	fi
	ip netns del "$MACHINE" 2>/dev/null || true
	ip netns del "$MACHINE-out" 2>/dev/null || true
	for dir in "$unified/$MACHINE" ${legacy:+"$legacy/$MACHINE"}; do
		[ -d "$dir" ] && find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
	rm -f "$machine_log"
}

inside() { nsenter -t "$machine_pid" -m -u -i -n -p -C --root --wd -- "$@"; }
outside() { nsenter -t "$machine_pid" -m -u -i -p -C --net="/run/netns/$MACHINE-out" --root --wd -- "$@"; }
neighbour() { ip netns exec "$MACHINE-out" "$@"; }
