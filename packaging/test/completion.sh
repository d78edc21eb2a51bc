#!/bin/bash
# completion.sh DEB - the shells of the machine complete bailiff's commands with the files of the package.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
dpkg-deb -x "$1" "$scratch"
export PATH=$scratch/usr/bin:$PATH
share=$scratch/usr/share

said=$(bash --norc -c '
	. /usr/share/bash-completion/bash_completion
	. "$1/bash-completion/completions/bailiff"
	COMP_WORDS=(bailiff unb) COMP_CWORD=1 COMP_LINE="bailiff unb" COMP_POINT=11 COMP_TYPE=9
	__start_bailiff 2>/dev/null # compopt only works while readline asks
	echo "${COMPREPLY[@]}"' - "$share")
[[ $said = *unban* ]] || { echo "bash completes unb with: $said" >&2; exit 1; }

zsh -fc '
	zmodload zsh/zpty
	zpty shell zsh -fi
	zpty -w shell "fpath=($1/zsh/vendor-completions \$fpath); autoload -Uz compinit; compinit -u -d $2/dump; PS1=; echo begun"
	zpty -m -r shell said "*begun*begun*"
	zpty -n -w shell "bailiff unb"$'"'\\t'"'
	zpty -m -r shell said "*unban*" && print completed' - "$share" "$scratch" >"$scratch/zsh" </dev/null 2>&1 &
wait_for=$!
for ((i = 0; i < 100; i++)); do kill -0 $wait_for 2>/dev/null || break; sleep 0.1; done
kill $wait_for 2>/dev/null || true
grep -q completed "$scratch/zsh" || { cat "$scratch/zsh"; echo "zsh does not complete unb" >&2; exit 1; }

said=$(fish --no-config -c "source $share/fish/vendor_completions.d/bailiff.fish; complete -C 'bailiff unb'")
[[ $said = unban* ]] || { echo "fish completes unb with: $said" >&2; exit 1; }
echo "bash, zsh and fish complete"
