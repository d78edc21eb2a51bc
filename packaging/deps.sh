#!/bin/bash
# deps.sh go     - stop with one line when Go is missing or too old
# deps.sh modules DIR PACKAGE... - download the modules of Go that the packages below DIR need and this machine lacks
# deps.sh run    - install what building and running bailiff needs and this machine lacks
# deps.sh test   - the same for `make test`; peers (fail2ban, sshguard) are installed but never started
# deps.sh packages - what the test of the packages needs besides
set -euo pipefail
# shellcheck source=retry.sh
. "$(dirname "$0")/retry.sh"

need_go() {
	local have
	if ! have=$(go env GOVERSION 2>/dev/null); then
		echo "bailiff needs Go 1.26 or newer, and there is no go in PATH: get it from https://go.dev/dl/ (unpack to /usr/local/go and add /usr/local/go/bin to PATH)" >&2
		exit 1
	fi
	if [ "$(printf '%s\n' go1.26 "${have%% *}" | sort -V | head -n 1)" != go1.26 ]; then
		echo "bailiff needs Go 1.26 or newer, this is $have: get it from https://go.dev/dl/" >&2
		exit 1
	fi
}

modules() { # DIR PACKAGE...: go.mod is in DIR, and a flag of go list may be among the packages
	GOPROXY=off go -C "$1" list -deps "${@:2}" >/dev/null 2>&1 && return # the registry need not be asked
	echo "downloading modules of Go"
	# Not all that go.mod names is needed, only what go.sum has a hash of.
	retry go -C "$1" mod download $(awk '$2 !~ /\/go.mod$/ { print $1 "@" $2 }' "$1/go.sum")
}

# install CHECK:PACKAGE... - each package is installed when the file or command CHECK is missing. Services of packages are not
# started.
install() {
	local missing
	missing=$(lacking "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || { echo "missing:" $missing"; run this as root to have them installed" >&2; exit 1; }
	(
		flock -w 1800 9 # another run may install the same
		missing=$(lacking "$@")
		[ -n "$missing" ] || exit 0
		echo "installing" $missing
		"install_$manager" $missing 9>&-
	) 9<"$lock"
}

lacking() { # CHECK:PACKAGE... - the packages whose CHECK is missing
	local word check
	for word; do
		check=${word%%:*}
		case $check in
		/*) [ -e "$check" ] ;;
		*) command -v "$check" >/dev/null ;;
		esac || echo "${word#*:}"
	done
}

install_apt() {
	local apt=(timeout 20m env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600
		-o Acquire::Retries=10 -o Acquire::Retries::Delay=false) # apt 2.6 may wait for ever after a delay
	retry quietly "${apt[@]}" -o APT::Update::Error-Mode=any update ||
		echo "not every list of packages could be read, trying to install from those that are here" >&2
	without_services retry quietly "${apt[@]}" install --no-install-recommends "$@"
}

install_dnf() { retry dnf install -y -q "$@"; }

# without_services CMD... - runs CMD so that packages start no service, as Debian's policy-rc.d allows. One of an earlier run
# that was killed is taken away as well.
without_services() {
	local policy=/usr/sbin/policy-rc.d said
	said=$(printf '#!/bin/sh\n# of the tests of bailiff, while they install packages\nexit 101')
	[ ! -e "$policy" ] || [ "$(<"$policy")" = "$said" ] || { "$@"; return; }
	trap "rm -f $policy" EXIT
	printf '%s\n' "$said" >"$policy"
	chmod +x "$policy"
	"$@"
}

disable() { # units of peers stay off, also after a reboot
	local unit
	for unit; do systemctl disable "$unit" >/dev/null 2>&1 || rm -f "/etc/systemd/system/multi-user.target.wants/$unit"; done
}

if command -v apt-get >/dev/null; then manager=apt lock=/var/lib/dpkg; elif command -v dnf >/dev/null; then manager=dnf lock=/var/lib/rpm; else
	echo "neither apt-get nor dnf here: install iptables yourself" >&2
	manager=none
fi

case ${1:-} in
go) need_go ;;
modules)
	need_go
	modules "${@:2}"
	;;
run)
	need_go
	case $manager in
	apt) install iptables:iptables ;;
	dnf) install iptables:iptables-nft ;;
	esac
	;;
test)
	[ $manager = apt ] || { echo "the tests need Debian's packages (fail2ban, systemd-journal-remote, ...): run them on Debian 12" >&2; exit 1; }
	install gcc:gcc /usr/include/stdio.h:libc6-dev /usr/include/systemd/sd-journal.h:libsystemd-dev ip:iproute2 ipset:ipset nft:nftables conntrack:conntrack rg:ripgrep python3:python3 \
		systemd-nspawn:systemd-container mmdebstrap:mmdebstrap /lib/systemd/systemd-journald:systemd \
		/lib/systemd/systemd-journal-remote:systemd-journal-remote /usr/lib/python3/dist-packages/systemd:python3-systemd \
		fail2ban-client:fail2ban /usr/libexec/sshguard/sshg-parser:sshguard mandoc:mandoc logrotate:logrotate
	disable fail2ban.service sshguard.service
	;;
packages)
	[ $manager = apt ] || { echo "the packages are tested on Debian 12" >&2; exit 1; }
	install lintian:lintian rpmlint:rpmlint rpm:rpm zsh:zsh fish:fish readelf:binutils qemu-aarch64-static:qemu-user-static \
		/usr/share/bash-completion/bash_completion:bash-completion
	;;
*) sed -n 2,6p "$0" >&2; exit 2 ;;
esac
