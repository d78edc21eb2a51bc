#!/bin/bash
# packages.sh [DIST] - builds the packages twice, compares the two, lints them and boots a machine with them. Those that passed
# are put into DIST.
set -euo pipefail
cd "$(dirname "$0")/../.."
dist=$(realpath -m "${1:-dist}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Each of git's names for a commit makes a version that dpkg and rpm take for newer than the one before.
before=
for name in 5d0c1f2 v0.1.0-rc1 v0.1.0-rc1-7-gabc1234 v0.1.0 v0.1.0-3-gabc1234 v0.1.0-12-gabc1234 v0.1.1; do
	version=$(packaging/build.sh --version $name)
	if [ -n "$before" ]; then
		dpkg --compare-versions "$before" lt "$version" || { echo "dpkg: $version is no newer than $before" >&2; exit 1; }
		[ "$(rpm --eval "%{lua:print(rpm.vercmp('$before', '$version'))}")" = -1 ] || { echo "rpm: $version is no newer than $before" >&2; exit 1; }
	fi
	before=$version
done
earlier=$(SOURCE_DATE_EPOCH=1795000000 packaging/build.sh --version ffffff) later=$(SOURCE_DATE_EPOCH=1795100000 packaging/build.sh --version 000000)
dpkg --compare-versions "$earlier" lt "$later" || { echo "$later is no newer than $earlier" >&2; exit 1; }
echo "versions sort"

built=$scratch/built
packaging/build.sh "$built"
packaging/build.sh "$scratch/again" >/dev/null
for file in "$scratch"/again/*; do cmp "$file" "$built/${file##*/}"; done
echo "two builds are the same, bit for bit"

cp -r packaging/conf "$scratch/conf"
echo "# a newer version" | tee -a "$scratch/conf/jail.conf" >>"$scratch/conf/bailiff.conf"
CONF=$scratch/conf VERSION=v99.0.0 ARCHES=amd64 packaging/build.sh "$scratch/newer" >/dev/null
deb=$(echo "$built"/*_amd64.deb) rpm=$(echo "$built"/*.x86_64.rpm)
lintian --fail-on error,warning "$deb"
# The rpm names its files from the root, and rpmlint unpacks it with a plain cpio, which would put them onto this machine.
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s --no-absolute-filenames "$@"\n' "$(command -v cpio)" >"$scratch/bin/cpio"
chmod +x "$scratch/bin/cpio"
PATH=$scratch/bin:$PATH rpmlint "$rpm" -c packaging/rpm/rpmlint.toml >"$scratch/rpmlint" 2>/dev/null || { cat "$scratch/rpmlint"; exit 1; }
packaging/test/static.sh "$built"/*.tar.gz
packaging/test/completion.sh "$deb"
packaging/test/boot.sh "$deb" "$rpm" "$scratch"/newer/*.x86_64.rpm
mkdir -p "$dist"
mv "$built"/* "$dist"
