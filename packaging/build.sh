#!/bin/bash
# build.sh [DIR] - builds deb, rpm and tarball for amd64 and arm64 into DIR (dist). Two builds of one commit with one Go
# are bit for bit the same: the time in them is the commit's, and nothing else of the machine gets in.
#   VERSION  what to call it; default: from the git tag    ARCHES  default "amd64 arm64"
#   CONF     what goes to /etc/bailiff; default: packaging/conf
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD src=$PWD/packaging
out=$(realpath -m "${1:-dist}")
described=${VERSION:-$(git describe --tags --always --match 'v*' 2>/dev/null || echo unknown)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
MAINTAINER="bailiff <bailiff@localhost.localdomain>"
export SOURCE_DATE_EPOCH MAINTAINER TZ=UTC LC_ALL=C
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# package_version DESCRIBED - v1.2.0 is 1.2.0; 3 commits later it is 1.2.0+3.gabc1234; without a tag it is 0+gabc1234
package_version() {
	local v=${1#v}
	case $v in
	[0-9]*.*-*-g*) echo "$(sed -E 's/-([0-9]+)-(g[0-9a-f]+)$/+\1.\2/' <<<"$v")" ;;
	[0-9]*.*) echo "$v" ;;
	*) echo "0+g$v" ;;
	esac
}

compile() { # ARCH FILE: static, and the journal is read without systemd's library
	CGO_ENABLED=0 GOOS=linux GOARCH=$1 go -C "$root" build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$described" -o "$2" ./cmd/bailiff
}

common() { # what is the same on every architecture
	compile "$(go env GOHOSTARCH)" "$stage/host"
	mkdir -p man completion deb rpm
	cp -r "${CONF:-$src/conf}" conf && cp -r "$src/systemd" .
	cp "$src"/deb/* deb/ && cp "$src"/rpm/* rpm/ && cp "$root/LICENSE" .
	"$stage/host" completion bash >completion/bailiff.bash
	"$stage/host" completion zsh >completion/_bailiff
	"$stage/host" completion fish >completion/bailiff.fish
	CGO_ENABLED=0 go -C "$root" test ./cmd/bailiff -count=1 -run '^TestManPages$' -args -man "$stage/common/man" >/dev/null
	cp "$src"/man/*.5 man/
	gzip -9n man/*
	printf 'bailiff (%s) unstable; urgency=medium\n\n  * Built from %s.\n\n -- %s  %s\n' "$VERSION" "$described" "$MAINTAINER" \
		"$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >deb/changelog.gz
}

tarball() { # ARCH
	local name=bailiff-$VERSION-linux-$1
	mkdir "$stage/$name"
	cp -r bailiff conf systemd man completion LICENSE "$src/openrc" "$stage/$name/"
	cp "$root/README.md" "$stage/$name/"
	tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
		-cf - "$name" | gzip -9n >"$out/$name.tar.gz"
}

VERSION=$(package_version "$described")
export VERSION
mkdir -p "$out" "$stage/common"
go -C "$src/nfpm" build -o "$stage/nfpm" github.com/goreleaser/nfpm/v2/cmd/nfpm
(cd "$stage/common" && common)
for ARCH in ${ARCHES:-amd64 arm64}; do
	export ARCH
	cp -r "$stage/common" "$stage/$ARCH"
	compile "$ARCH" "$stage/$ARCH/bailiff"
	cd "$stage/$ARCH"
	find . -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	for kind in deb rpm; do
		said=$("$stage/nfpm" package --config "$src/nfpm/nfpm.yaml" --packager $kind --target "$out" 2>&1) || { echo "$said" >&2; exit 1; }
	done
	tarball "$ARCH"
	cd "$root"
done
ls -l "$out" | awk 'NR > 1 {printf "%9d  %s\n", $5, $9}'
