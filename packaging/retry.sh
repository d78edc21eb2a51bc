# retry.sh - functions for what the hiccup of another machine may fail, such as a registry's. To be sourced.

# retry CMD... - runs CMD until it succeeds, for three minutes and five times at least. At first the pauses are short: where a
# registry fails now and then, CMD may get a little further each time.
retry() {
	local try begun=$SECONDS pause
	for ((try = 1; try < 5 || SECONDS - begun < 180; try++)); do
		"$@" && return
		pause=$(((SECONDS - begun) / 20 + 1))
		echo "failed, trying again in $pause s: ${*:1:6}" >&2
		sleep $pause
	done
	"$@"
}

# quietly CMD... - runs CMD, and shows what it printed only when it fails
quietly() {
	local said
	said=$("$@" 2>&1) || { local failed=$?; printf '%s\n' "$said" >&2; return $failed; }
}
