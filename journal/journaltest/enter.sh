#!/bin/sh
# enter.sh UNIT COMMAND…: run inside journald's namespaces, as a process of the unit.
unit=$1
shift
for mount in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
	[ -w $mount/cgroup.procs ] || continue
	mkdir -p "$mount/system.slice/$unit"
	echo $$ >"$mount/system.slice/$unit/cgroup.procs"
done
exec "$@"
