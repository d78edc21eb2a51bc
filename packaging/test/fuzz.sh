#!/bin/bash
# fuzz.sh TIME - run every fuzz target for TIME each
set -euo pipefail
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-60s}" "$package"
	done
done
