#!/bin/bash
# boot.sh DEB RPM NEWER-RPM - installs the packages in a freshly booted Debian and sees whether they do what they are for: a
# real ssh client is banned and stays so through reloads, a hang and an upgrade, and nothing is left behind. The rpm goes
# through rpm itself, in the same machine, which shows its files and scriptlets but no other distribution.
# Needs root, systemd-container, mmdebstrap and iproute2. Prints "ok" or "not ok" a line and the figures at the end.
set -uo pipefail
deb=$(realpath "$1") rpm=$(realpath "$2") newer_rpm=$(realpath "$3")
cd "$(dirname "$0")"
. ./machine.sh
work=$(mktemp -d) failed=0 figures=() probes=()

finish() {
	[ ${#probes[@]} -eq 0 ] || kill "${probes[@]}" 2>/dev/null
	machine_stop
	rm -rf "$work"
}
trap finish EXIT

check() { # NAME CMD...: CMD must succeed
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok      $name"
	else
		echo "not ok  $name"
		sed 's/^/        /' "$work/said"
		failed=1
	fi
}

not() { ! "$@"; }
says() { # PATTERN CMD...: what CMD prints matches
	local pattern=$1 out
	shift
	out=$("$@" 2>&1)
	grep -Eq -- "$pattern" <<<"$out" || { echo "$out"; return 1; }
}
within() { # SECONDS CMD...: CMD succeeds before the time is over
	local end=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt $end ] || { "$@"; return 1; }
		sleep 0.02
	done
}
put() { cp "$1" "/proc/$machine_pid/root$2"; }
prop() { inside systemctl show bailiff.service -p "$1" --value; }
connects() { neighbour timeout 20 python3 -c 'import socket, sys
s = socket.create_connection((sys.argv[2], 22), 5, (sys.argv[1], 0))' "$1" "${2:-10.77.0.1}"; }
guess() { # a wrong password from address $1
	outside sshpass -p wrong ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PreferredAuthentications=password \
		-o NumberOfPasswordPrompts=1 -o ConnectTimeout=20 -b "$1" "root@${2:-10.77.0.1}" true >/dev/null 2>&1
}
probe() { # notes from now on whether $1 can connect, in file $2
	(exec ip netns exec "$MACHINE-out" python3 "$PWD/probe.py" "$1" "$work/$2") >/dev/null &
	probes+=($!)
}
install() { inside env DEBIAN_FRONTEND=noninteractive apt-get install -y -o Dpkg::Options::=--force-confold "$1"; }

newer() { # the same package with a higher version, and one line more in jail.conf and bailiff.conf
	dpkg-deb -R "$deb" "$work/newer"
	sed -i -E 's/^(Version: .*)$/\1+newer/' "$work/newer/DEBIAN/control"
	echo "# a newer version" | tee -a "$work/newer/etc/bailiff/jail.conf" >>"$work/newer/etc/bailiff/bailiff.conf"
	dpkg-deb --root-owner-group -b "$work/newer" "$work/newer.deb" >/dev/null
}

beside_fail2ban() {
	printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$work/unit"
	put "$work/unit" /etc/systemd/system/fail2ban.service
	inside systemctl daemon-reload
	inside systemctl start fail2ban
	check "beside fail2ban it says how to move over" says 'fail2ban is running' install /tmp/bailiff.deb
	check "and does not run" not inside systemctl is-active bailiff.service bailiff.socket
	check "and is not enabled" not inside systemctl is-enabled --quiet bailiff.service
	inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y bailiff >/dev/null 2>&1
	inside systemctl stop fail2ban
	rm "/proc/$machine_pid/root/etc/systemd/system/fail2ban.service"
	inside systemctl daemon-reload
}

installs() {
	check "apt installs it" install /tmp/bailiff.deb
	check "the service runs" inside systemctl is-active bailiff.service
	check "and will at the next boot" inside systemctl is-enabled bailiff.service bailiff.socket
	check "the sshd jail is on" says 'sshd' inside bailiff status
	check "it runs as user bailiff" says '^bailiff$' inside ps -o user= -p "$(prop MainPID)"
	check "systemd finds no fault in the units" inside systemd-analyze verify bailiff.service bailiff.socket
	check "manual pages are there" inside sh -c 'man -w bailiff bailiff-run bailiff-jail.conf && mandb -t 2>/dev/null; true'
	check "and documents" inside sh -c 'cd /usr/share/doc/bailiff && ls README.md CHANGELOG.md docs/architecture.md NOTICES'
	check "nobody else may change anything" says 'only root|permission denied' inside runuser -u nobody -- bailiff unban --all
	figures+=("ready after $((($(prop ActiveEnterTimestampMonotonic) - $(prop ExecMainStartTimestampMonotonic)) / 1000)) ms")
	figures+=("installed size $(inside dpkg-query -W -f '${Installed-Size}' bailiff) KiB, program $(inside stat -c %s /usr/bin/bailiff) bytes")
}

hardened() {
	local exposure
	exposure=$(inside systemd-analyze security bailiff.service --no-pager | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
	check "systemd-analyze security says $exposure: 2.5 or lower" awk "BEGIN { exit !($exposure <= 2.5) }"
	inside mkdir -p /etc/systemd/system/bailiff.service.d
	inside cp /usr/share/bailiff/systemd/bailiff-addresses.conf /etc/systemd/system/bailiff.service.d/
	inside systemctl daemon-reload
	exposure=$(inside systemd-analyze security bailiff.service --no-pager | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
	check "and $exposure with the address list: 2.0 or lower" awk "BEGIN { exit !($exposure <= 2.0) }"
	check "it runs with the address list" inside systemctl restart bailiff.service
	bans 198.51.100.10 10.77.0.1
	inside rm /etc/systemd/system/bailiff.service.d/bailiff-addresses.conf
	inside cp /usr/share/bailiff/systemd/bailiff-actions.conf /etc/systemd/system/bailiff.service.d/
	inside systemctl daemon-reload
	check "it runs with what actions need" inside systemctl restart bailiff.service
	bans 198.51.100.11 10.77.0.1
	inside rm /etc/systemd/system/bailiff.service.d/bailiff-actions.conf
	inside systemctl daemon-reload
	check "and without again" inside systemctl restart bailiff.service
}

bans() { # ADDRESS TARGET
	local i before
	check "$1 can connect" connects "$1" "$2"
	probe "$1" "$1"
	for ((i = 1; i <= 5; i++)); do guess "$1" "$2"; done
	before=$(date +%s.%N)
	check "$1 is banned within a second of the fifth wrong password" within 1 not connects "$1" "$2"
	figures+=("$1 got through last $(awk -v t="$before" '$2 == "open" { last = $1 } END { printf "%d", (last - t) * 1000 }' "$work/$1") ms after its fifth client had given up")
	check "status says so" says "$1" inside bailiff status sshd
	check "and the journal" says "\[sshd\] Ban $1" inside journalctl -u bailiff.service -o cat
	date +%s.%N >"$work/$1.banned"
}

scrape() { inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/9191; printf "GET /metrics HTTP/1.0\r\n\r\n" >&3; cat <&3'; }

reloads() {
	check "a reload goes well" inside systemctl reload bailiff.service
	inside sh -c 'printf "[sshd]\nbantime = soon\n" >/etc/bailiff/jail.local'
	check "a reload of nonsense fails" not inside systemctl reload bailiff.service
	check "and says where" says 'jail.local:2: \[sshd\] bantime' inside bailiff reload
	check "and the service goes on" inside systemctl is-active bailiff.service
	inside rm /etc/bailiff/jail.local
	check "and the next reload goes well" inside systemctl reload bailiff.service
}

hangs() {
	inside sh -c 'mkdir -p /run/systemd/system/bailiff.service.d; printf "[Service]\nWatchdogSec=5s\n" >/run/systemd/system/bailiff.service.d/test.conf'
	inside systemctl daemon-reload
	inside systemctl restart bailiff.service
	local pid
	pid=$(prop MainPID)
	sleep 12
	check "the watchdog is content" [ "$(prop MainPID)" = "$pid" ]
	inside kill -STOP "$pid"
	check "a daemon that hangs is restarted" within 60 says '^1$' prop NRestarts
	check "and runs" within 30 inside bailiff ping
	inside rm /run/systemd/system/bailiff.service.d/test.conf
	inside systemctl daemon-reload
}

drop_in() { # LINES: of a drop-in for the service until the next
	inside sh -c "mkdir -p /run/systemd/system/bailiff.service.d && printf '$1' >/run/systemd/system/bailiff.service.d/test.conf"
	inside systemctl daemon-reload
}

has_trouble() { # that lasts for some seconds, and longer than systemd tries
	local broken='[Service]\nExecStart=\nExecStart=/bin/false\nType=exec\n'
	drop_in "$broken"
	inside systemctl restart bailiff.service
	check "a daemon that cannot start is tried again and again" within 30 says '^([6-9]|[1-9][0-9])$' prop NRestarts
	check "and no unit has failed" not inside systemctl is-failed bailiff.service bailiff.socket
	drop_in ''
	check "when the trouble is over it starts by itself" within 30 inside bailiff ping
	drop_in "[Unit]\nStartLimitIntervalSec=12s\nStartLimitBurst=6\n$broken"
	inside systemctl restart bailiff.service
	check "a trouble that lasts makes the service fail" within 30 inside systemctl is-failed bailiff.service
	check "and systemd shows that" says 'bailiff.service' inside systemctl --failed --all --no-legend
	drop_in "[Unit]\nStartLimitIntervalSec=12s\nStartLimitBurst=6\n"
	check "after mending a start works, and nothing is to be reset" within 30 inside systemctl start bailiff.service
	check "the service and its socket are well" inside systemctl is-active bailiff.service bailiff.socket
	drop_in ''
	inside systemctl reset-failed
}

loses_the_journal() {
	local pid
	pid=$(prop MainPID)
	inside systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service 2>/dev/null
	inside bailiff ban sshd 203.0.113.77 >/dev/null
	inside systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service
	inside bailiff ban sshd 203.0.113.78 >/dev/null
	check "the daemon outlives journald" [ "$(prop MainPID)" = "$pid" ]
	check "and tells it of bans again" within 20 says 'Ban 203.0.113.78' inside journalctl -u bailiff.service -o cat
	check "of those meanwhile, too" says 'Ban 203.0.113.77' inside journalctl -u bailiff.service -o cat
	inside bailiff unban 203.0.113.77 203.0.113.78 >/dev/null
}

restarts() { # at random moments of its start, which leaves nothing that keeps the last one from working
	local i
	for ((i = 0; i < 40; i++)); do
		inside systemctl restart --no-block bailiff.service
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	done
	check "after forty restarts at random moments it runs" within 30 inside systemctl is-active bailiff.service
	check "and answers" within 30 inside bailiff ping
	check "nothing of its trials is left" not says 'try' inside sh -c 'ipset list -n; iptables-save; ip6tables-save; nft list tables'
}

other_backends() { # the daemon changes its firewall, and those who are banned are so in each of them
	inside sh -c 'printf "[Definition]\nfirewall = nftables\n" >/etc/bailiff/bailiff.local'
	check "it starts with nftables" inside systemctl restart bailiff.service
	check "and says so" says 'firewall: nftables' inside bailiff status
	bans 198.51.100.9 10.77.0.1
	check "its rules are in nftables" says '^table inet bailiff' inside nft list ruleset
	check "and no longer in iptables" within 30 not says bailiff inside sh -c 'iptables -S; ip6tables -S; ipset list -n'
	inside rm /etc/bailiff/bailiff.local
	inside update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
	inside update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy
	check "it starts beside iptables-legacy" inside systemctl restart bailiff.service
	check "and takes nftables, for it may not take the lock of the other" says 'firewall: nftables' inside bailiff status
	inside update-alternatives --quiet --auto iptables
	inside update-alternatives --quiet --auto ip6tables
	check "it starts with iptables again" inside systemctl restart bailiff.service
	check "and says so" says 'firewall: iptables' inside bailiff status
	check "what nftables held is lifted" within 30 not says 'inet bailiff' inside nft list tables
	check "198.51.100.9 is still out" not connects 198.51.100.9
	check "its ban can be lifted" inside bailiff unban 198.51.100.9
	check "and then it is in again" within 10 connects 198.51.100.9
}

reads_a_long_past() { # for longer than systemd waits for a start
	local dir=/run/systemd/system/bailiff.service.d
	inside sh -c "mkdir -p $dir; printf '[Service]\nTimeoutStartSec=2s\n' >$dir/test.conf"
	inside sh -c 'printf "[Definition]\nloglevel = ERROR\n" >/etc/bailiff/bailiff.local
		printf "[Definition]\nfailregex = ^ denied <ADDR>\$\n" >/etc/bailiff/filter.d/web.conf
		printf "[web]\nenabled = true\nmaxretry = 1\nbackend = polling\nlogpath = /var/log/web.log\n" >/etc/bailiff/jail.local
		now=$(date +%Y-%m-%dT%H:%M:%S%:z)
		for i in $(seq 0 255); do for j in $(seq 0 255); do echo "$now denied 172.20.$i.$j"; done; done >/var/log/web.log'
	inside systemctl daemon-reload
	check "it starts although a long past is to be read" inside systemctl restart bailiff.service
	check "and has banned everybody in it" says 'web +[0-9]+ +65536 +65536' inside bailiff status
	figures+=("ready after $((($(prop ActiveEnterTimestampMonotonic) - $(prop ExecMainStartTimestampMonotonic)) / 1000)) ms with 65536 bans to make, where systemd waits for 2000")
	inside rm /etc/bailiff/jail.local /etc/bailiff/bailiff.local /etc/bailiff/filter.d/web.conf /var/log/web.log $dir/test.conf
	inside systemctl daemon-reload
	check "and starts without it" inside systemctl restart bailiff.service
}

upgrades() {
	inside sh -c 'echo "# mine" >>/etc/bailiff/bailiff.conf; echo "[DEFAULT]" >/etc/bailiff/jail.local'
	newer
	put "$work/newer.deb" /tmp/newer.deb
	local pid
	pid=$(prop MainPID)
	check "an upgrade goes well" install /tmp/newer.deb
	check "the new daemon runs" inside bailiff ping
	check "and is another process" [ "$(prop MainPID)" != "$pid" ]
	check "the edited file was kept" says '^# mine$' inside cat /etc/bailiff/bailiff.conf
	check "with the new one beside it" says 'a newer version' inside cat /etc/bailiff/bailiff.conf.dpkg-dist
	check "the untouched one was replaced" says 'a newer version' inside cat /etc/bailiff/jail.conf
	check "jail.local was not touched" says 'DEFAULT' inside cat /etc/bailiff/jail.local
}

steady() { # ADDRESS: since it was banned it never came through
	awk -v t="$(cat "$work/$1.banned")" '$1 > t && $2 == "open" { n++; print } END { exit n > 0 }' "$work/$1"
}

removes() {
	kill "${probes[@]}" 2>/dev/null
	probes=()
	check "198.51.100.7 never came through" steady 198.51.100.7
	check "2001:db8::7 never came through" steady 2001:db8::7
	figures+=("$(cat "$work/198.51.100.7" "$work/2001:db8::7" | grep -c shut) connections were refused, through reloads, a hang and an upgrade")
	check "removal goes well" inside env DEBIAN_FRONTEND=noninteractive apt-get remove -y bailiff
	check "198.51.100.7 can connect again" connects 198.51.100.7
	check "2001:db8::7 can connect again" connects 2001:db8::7 fd77::1
	check "no rule, chain or set is left" not says bailiff inside sh -c 'nft list ruleset; iptables-save; ip6tables-save; ipset list'
	check "what was remembered is still there" inside test -e /var/lib/bailiff/bailiff.db
	check "installed again" install /tmp/newer.deb
	check "it runs again" inside bailiff ping
	check "and goes again" inside env DEBIAN_FRONTEND=noninteractive apt-get remove -y bailiff
	check "purge goes well" inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y bailiff
	check "and nothing is left" not inside sh -c 'ls -d /var/lib/bailiff /run/bailiff /etc/bailiff/*.conf 2>/dev/null | grep .'
	check "nor failed units" not says bailiff inside systemctl --failed --all --no-legend
}

rpms() {
	put "$rpm" /tmp/bailiff.rpm
	put "$newer_rpm" /tmp/newer.rpm
	check "rpm installs it" says 'systemctl enable --now bailiff' inside rpm --force-debian --nodeps -i /tmp/bailiff.rpm
	check "and starts nothing by itself" not inside systemctl is-active bailiff.service bailiff.socket
	check "the preset, which is Debian's here, has it start at the next boot" \
		inside systemctl is-enabled bailiff.service bailiff.socket
	check "the rpm says where to read about it" says '^file:///usr/share/doc/bailiff/README.md$' inside rpm -q --qf '%{URL}\n' bailiff
	check "has a changelog" says 'Built from' inside rpm -q --changelog bailiff
	check "documents" says 'docs/architecture.md' inside rpm -q --docfiles bailiff
	check "and licences" says 'NOTICES' inside rpm -q --licensefiles bailiff
	check "the service of the rpm starts" inside systemctl enable --now bailiff.service
	check "all files of the rpm are there" inside rpm -V --nodeps bailiff
	inside sh -c 'echo "# mine" >>/etc/bailiff/bailiff.conf'
	check "it bans" inside bailiff ban sshd 203.0.113.9
	check "and 203.0.113.9 is out" not connects 203.0.113.9
	local pid
	pid=$(prop MainPID)
	check "an upgrade of the rpm goes well" inside rpm --force-debian --nodeps -U /tmp/newer.rpm
	check "the new daemon runs" within 30 inside bailiff ping
	check "and is another process" [ "$(prop MainPID)" != "$pid" ]
	check "203.0.113.9 is still out" not connects 203.0.113.9
	check "the rpm kept the edited file" says '^# mine$' inside cat /etc/bailiff/bailiff.conf
	check "with the new one beside it" says 'a newer version' inside cat /etc/bailiff/bailiff.conf.rpmnew
	check "the rpm replaced the untouched one" says 'a newer version' inside cat /etc/bailiff/jail.conf
	check "rpm removes it" inside rpm --force-debian --nodeps -e bailiff
	check "203.0.113.9 is in again" connects 203.0.113.9
	check "the rpm leaves no rule, chain or set" not says bailiff inside sh -c 'nft list ruleset; iptables-save; ip6tables-save; ipset list'
	check "nor a unit" not inside systemctl cat bailiff.service
}

machine_build && machine_start || exit 1
put "$deb" /tmp/bailiff.deb
beside_fail2ban
installs
hardened
bans 198.51.100.7 10.77.0.1
bans 2001:db8::7 fd77::1
check "198.51.100.8 can still connect" connects 198.51.100.8
check "Prometheus can read the ban" says 'bailiff_bans_total\{family="inet4",jail="sshd"\} 1' scrape
figures+=("idle RSS $(inside sed -n 's/VmRSS:\s*//p' "/proc/$(prop MainPID)/status")")
reloads
hangs
restarts
has_trouble
loses_the_journal
other_backends
reads_a_long_past
upgrades
removes
rpms
printf '\n'
printf '%s\n' "${figures[@]}"
[ $failed = 0 ] || inside journalctl --no-pager -o verbose --output-fields=_SYSTEMD_UNIT,_UID,MESSAGE -t sshd -g 'Failed password'
exit $failed
