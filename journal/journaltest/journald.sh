#!/bin/bash
# journald.sh ROOT: a private systemd-journald, until standard input ends. It has mounts and control groups of its own and
# writes to ROOT/journal. ROOT/pid holds its process id; when it dies it is started again, as systemd would do.
set -eu
root=$1
name=$(basename "$root")

# The hierarchies journald may look into for a process's unit: the unified one, and version 1's named one.
groups=()
for mount in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
	[ -e "$mount/cgroup.procs" ] && groups+=("$mount/$name")
done

inside() {
	mount --make-rprivate /
	mkdir -p /var/log/journal /run/log
	mount -t tmpfs tmpfs /run/systemd
	mount -t tmpfs tmpfs /run/log
	mount --bind "$root/journal" /var/log/journal
	mount --bind "$root/machine-id" /etc/machine-id
	mkdir -p /run/systemd/journald.conf.d
	cp "$root/journald.conf" /run/systemd/journald.conf.d/99-test.conf
	private_dev
	private_cgroups
	touch "$root/inside"
	until [ -e "$root/stop" ]; do
		/lib/systemd/systemd-journald 2>>"$root/log" &
		echo $! >"$root/pid.new" && mv "$root/pid.new" "$root/pid"
		wait $! || true
		sleep .05
	done
}

# /dev with the few nodes that programs need and a /dev/log that leads to our journald.
private_dev() {
	local node
	mkdir /run/systemd/dev
	mount --bind /dev /run/systemd/dev
	mount -t tmpfs tmpfs /dev
	for node in null zero full random urandom tty; do
		touch /dev/$node
		mount --bind /run/systemd/dev/$node /dev/$node
	done
	umount -l /run/systemd/dev
	ln -s /proc/self/fd /dev/fd
	ln -s fd/0 /dev/stdin
	ln -s fd/1 /dev/stdout
	ln -s fd/2 /dev/stderr
	ln -s /run/systemd/journal/dev-log /dev/log
}

# The control groups as seen from our own: ours is the root.
private_cgroups() {
	local hybrid=
	[ -e /sys/fs/cgroup/cgroup.procs ] || hybrid=1
	umount -l /sys/fs/cgroup
	if [ -z "$hybrid" ]; then
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		return
	fi
	mount -t tmpfs tmpfs /sys/fs/cgroup
	mkdir /sys/fs/cgroup/unified /sys/fs/cgroup/systemd
	mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified || true
	mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd || true
}

if [ "${2:-}" = inside ]; then
	inside
	exit
fi

mkdir -p "$root/journal" "${groups[@]}"
[ -s "$root/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$root/machine-id"
(
	for group in "${groups[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
	exec unshare --mount --cgroup bash "$0" "$root" inside </dev/null
) &
echo $! >"$root/supervisor"
cat >/dev/null || true # until the test closes our input, or dies
touch "$root/stop"
[ -e "$root/pid" ] && kill -TERM "$(cat "$root/pid")" 2>/dev/null || true
for group in "${groups[@]}"; do # whoever was started in our groups
	for try in $(seq 100); do
		pids=$(find "$group" -name cgroup.procs -exec cat {} + | sort -u)
		[ -z "$pids" ] && break
		sleep .02
		[ "$try" -gt 50 ] && kill -KILL $pids 2>/dev/null || true
	done
	find "$group" -depth -type d -exec rmdir {} \;
done
kill -0 $PPID 2>/dev/null || rm -rf "$root" # else the test still wants to see what went wrong
