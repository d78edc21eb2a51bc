#!/bin/bash
# booted.sh PROGRAM [ARG...] - runs a program in a booted Debian that has firewalld and ufw, and shows what it prints. The
# root directory is made once, with mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/../../packaging/test"
MACHINE=bailiff-walls-$$
MACHINE_ROOT=/var/tmp/bailiff-test-firewalls-root
# shellcheck source=../../packaging/test/machine.sh
. ./machine.sh
if ! [ -e "$MACHINE_ROOT/usr/lib/systemd/systemd" ]; then
	sources=(/etc/apt/sources.list.d/*.sources)
	[ -s "${sources[0]}" ] || sources=(/etc/apt/sources.list)
	rm -rf "$MACHINE_ROOT.making"
	mmdebstrap --quiet --variant=minbase bookworm "$MACHINE_ROOT.making" "${sources[0]}" \
		--include=systemd-sysv,dbus,iptables,ipset,nftables,iproute2,procps,ufw,firewalld,python3-nftables
	: >"$MACHINE_ROOT.making/etc/machine-id"
	mv "$MACHINE_ROOT.making" "$MACHINE_ROOT"
fi
trap machine_stop EXIT
machine_start
inside systemctl stop firewalld
cp "$1" "/proc/$machine_pid/root/run/program"
chmod 755 "/proc/$machine_pid/root/run/program"
shift
inside env BAILIFF_BOOTED=yes /run/program "$@"
