# cache.sh - functions for what tests make once and keep: the roots of the machines that they boot. To be sourced.
#
#   booted_root NAME PACKAGES [FUNCTION]   sets $booted_root to a root directory of Debian with these packages, which is made
#                                          where there is none yet; FUNCTION is then called to change what was made
#
# Everything is kept in $BAILIFF_TEST_CACHE (/var/cache/bailiff-test), which only root may enter. A root is made under a lock
# and renamed when it is complete. Machines only read it, so several may use it at once. Each holds a shared lock on it, which
# lasts as long as the shell and its children and keeps others from removing it.
# shellcheck source=../retry.sh
. "$(dirname "${BASH_SOURCE[0]}")/../retry.sh"
cache=${BAILIFF_TEST_CACHE:-/var/cache/bailiff-test} booted_root=

# cache_open makes the cache, or refuses one that others may change: what is in it runs as root.
cache_open() {
	local dir
	[ "$(id -u)" = 0 ] || { echo "the tests that boot a machine need root" >&2; return 1; }
	[ -e "$cache" ] || mkdir -p -m 0700 "$cache"
	cache=$(realpath -e "$cache") || return
	[ "$(stat -c '%u %a' "$cache")" = "0 700" ] ||
		{ echo "$cache must be root's with mode 0700; name another directory in BAILIFF_TEST_CACHE" >&2; return 1; }
	dir=$cache
	while [ "$dir" != / ]; do
		dir=$(dirname "$dir")
		# A sticky directory may be everybody's: what is root's in it cannot be renamed by others.
		[ -n "$(find "$dir" -maxdepth 0 -uid 0 \( -perm -1000 -o ! -perm /022 \))" ] ||
			{ echo "$dir can be changed by others than root; name another directory in BAILIFF_TEST_CACHE" >&2; return 1; }
	done
}

booted_root() {
	local name=$1 packages=$2 change=${3:-:} sources making lock use old
	cache_open || return
	sources=$(grep -ls '^Suites:.*\<bookworm\>' /etc/apt/sources.list.d/*.sources | head -n 1)
	sources=${sources:-/etc/apt/sources.list}
	exec {lock}>"$cache/$name.lock"
	flock "$lock"
	booted_root=$cache/$name-$({ echo "$packages"; declare -f root_make "$change"; cat "$sources"; } | sha256sum | head -c 16)
	making=$booted_root.making
	if ! [ -d "$booted_root" ]; then
		echo "making a root in $booted_root" >&2
		retry root_make "$making" "$packages" "$sources" && "$change" "$making" && mv "$making" "$booted_root" || return
	fi
	touch "$booted_root"
	exec {use}<"$booted_root"
	flock -s "$use"
	find "$cache" -maxdepth 1 -name "$name-*" -mtime +7 | while read -r old; do # nobody has used it for a week
		! flock -n "$old" true || root_remove "$old" || true
	done
	exec {lock}>&-
}

# root_make DIR PACKAGES SOURCES - makes a root in DIR, through the proxies that this machine's apt is told to use
root_make() {
	local options
	mapfile -t options < <(apt-config dump | sed -n -E '/^Acquire::https?::.*(Proxy|CaInfo|Verify)/ s/^/--aptopt=/p')
	root_remove "$1"
	quietly timeout 20m mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Retries "10"' \
		--aptopt='Acquire::Retries::Delay "false"' "${options[@]}" bookworm "$1" "$3" --include="$2" &&
		: >"$1/etc/machine-id" && mkdir -p "$1/var/log/journal"
}

root_remove() { rm -rf --one-file-system -- "$@"; }
