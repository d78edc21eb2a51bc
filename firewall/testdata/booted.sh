#!/bin/bash
# booted.sh PROGRAM [ARG...] - runs a program in a booted Debian that has firewalld and ufw, and shows what it prints.
set -euo pipefail
cd "$(dirname "$0")/../../packaging/test"
# shellcheck source=../../packaging/test/machine.sh
. ./machine.sh
booted_root firewalls systemd-sysv,dbus,iptables,ipset,nftables,iproute2,procps,ufw,firewalld,python3-nftables
trap machine_stop EXIT
machine_start
inside systemctl stop firewalld
cp "$1" "/proc/$machine_pid/root/run/program"
chmod 755 "/proc/$machine_pid/root/run/program"
shift
inside env BAILIFF_BOOTED=yes /run/program "$@"
