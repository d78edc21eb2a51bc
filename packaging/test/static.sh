#!/bin/bash
# static.sh TARBALL... - the programs in the tarballs need no library of the machine's, so no version of one either, and run.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for tarball; do
	tar -C "$scratch" -xzf "$tarball"
	program=$scratch/$(basename "$tarball" .tar.gz)/bailiff
	if readelf -ld "$program" | grep -E 'INTERP|NEEDED'; then
		echo "$tarball: the program is not static" >&2
		exit 1
	fi
	case $tarball in
	*-amd64.*) "$program" version ;;
	*-arm64.*) qemu-aarch64-static "$program" version ;;
	esac
	echo "static: ${tarball##*/}, $(stat -c %s "$program") bytes"
done
