# retry.sh - functions for what the hiccup of another machine may fail, such as a registry's. To be sourced.

# retry CMD... - runs CMD until it succeeds, ten times at most, with pauses that grow to half a minute
retry() {
	local try pause=1
	for ((try = 1; try < 10; try++)); do
		"$@" && return
		echo "failed, trying again in $pause s ($try of 9): $*" >&2
		sleep $pause
		pause=$((pause * 2 < 30 ? pause * 2 : 30))
	done
	"$@"
}

# quietly CMD... - runs CMD, and shows what it printed only when it fails
quietly() {
	local said
	said=$("$@" 2>&1) || { local failed=$?; printf '%s\n' "$said" >&2; return $failed; }
}
