#!/bin/bash
# build.sh --version NAME - prints what the packages of git's NAME for a commit are called, as v1.2.0-3-gabc1234
# build.sh [DIR] - builds deb, rpm and tarball for amd64 and arm64 into DIR (dist). Two builds of one commit with one Go
# are bit for bit the same: the time in them is the commit's, and nothing else of the machine gets in.
#   VERSION  what to call it; default: from the git tag    ARCHES  default "amd64 arm64"
#   HOMEPAGE where to read about it; default: the documents that the package brings
#   CONF     what goes to /etc/bailiff; default: packaging/conf
set -euo pipefail
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# package_version DESCRIBED - v1.2.0 is 1.2.0; 3 commits later it is 1.2.0+3.gabc1234; v1.3.0-rc1, which comes before
# v1.3.0, is 1.3.0~rc1. Without a tag it is 0~20261128.gabc1234: the day of the commit, so that later ones are newer, and
# before any version with a number, so that the first release is newer than all of them.
package_version() {
	local v=${1#v}
	case $v in
	[0-9]*.*) sed -E 's/-([0-9]+)-(g[0-9a-f]+)$/+\1.\2/; s/-/~/' <<<"$v" ;;
	*) echo "0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d).g$v" ;;
	esac
}

[ "${1:-}" != --version ] || { package_version "$2"; exit; }

root=$PWD src=$PWD/packaging
out=$(realpath -m "${1:-dist}")
described=${VERSION:-$(git describe --tags --always --match 'v*' 2>/dev/null || echo unknown)}
MAINTAINER="bailiff <bailiff@localhost.localdomain>"
HOMEPAGE=${HOMEPAGE:-file:///usr/share/doc/bailiff/README.md}
export SOURCE_DATE_EPOCH MAINTAINER HOMEPAGE TZ=UTC LC_ALL=C
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

compile() { # ARCH FILE: static, and the journal is read without systemd's library
	CGO_ENABLED=0 GOOS=linux GOARCH=$1 go -C "$root" build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$described" -o "$2" ./cmd/bailiff
}

common() { # what is the same on every architecture
	compile "$(go env GOHOSTARCH)" "$stage/host"
	mkdir -p man completion deb rpm doc/docs
	cp -r "${CONF:-$src/conf}" conf && cp -r "$src/systemd" .
	cp "$src"/deb/* deb/ && cp "$src"/rpm/* rpm/ && cp "$root/LICENSE" .
	"$stage/host" completion bash >completion/bailiff.bash
	"$stage/host" completion zsh >completion/_bailiff
	"$stage/host" completion fish >completion/bailiff.fish
	CGO_ENABLED=0 go -C "$root" test ./cmd/bailiff -count=1 -run '^TestManPages$' -args -man "$stage/common/man" >/dev/null
	cp "$src"/man/*.5 man/
	gzip -9n man/*
	cp "$root/README.md" "$root/CHANGELOG.md" doc/ && cp "$root"/docs/*.md doc/docs/
	go -C "$src/tools" run ./notices -top "$root" "$stage/host" >NOTICES
	changelog >changelog.yaml
	{ cat "$src/tools/nfpm.yaml" && documents; } >nfpm.yaml
}

changelog() { # what deb and rpm call their changelog, in the form that nfpm reads
	cat <<-EOF
	- semver: "$VERSION"
	  date: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
	  packager: $MAINTAINER
	  deb: {urgency: medium, distributions: [unstable]}
	  changes:
	    - note: Built from $described. See CHANGELOG.md for what is new.
	EOF
}

documents() { # the entries of nfpm.yaml for manual pages and documents
	local file
	for file in man/*.gz; do document "$file" "man/man$(sed -E 's/.*\.([0-9])\.gz$/\1/' <<<"$file")/${file##*/}"; done
	for file in doc/*.md doc/docs/*.md; do document "$file" "doc/bailiff/${file#doc/}"; done
}

document() { # FILE PLACE: only in the rpm are documents marked
	echo "  - {src: $1, dst: /usr/share/$2, packager: deb, file_info: {mode: 0644}}"
	echo "  - {src: $1, dst: /usr/share/$2, packager: rpm, type: doc, file_info: {mode: 0644}}"
}

tarball() { # ARCH
	local name=bailiff-$VERSION-linux-$1
	mkdir "$stage/$name"
	cp -r bailiff conf systemd man completion LICENSE NOTICES doc/. "$src/openrc" "$stage/$name/"
	tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
		-cf - "$name" | gzip -9n >"$out/$name.tar.gz"
}

VERSION=$(package_version "$described")
export VERSION
mkdir -p "$out" "$stage/common"
"$src/deps.sh" modules "$src/tools" tool ./...
"$src/deps.sh" modules "$root" ./cmd/bailiff
go -C "$src/tools" build -o "$stage/nfpm" github.com/goreleaser/nfpm/v2/cmd/nfpm
(cd "$stage/common" && common)
for ARCH in ${ARCHES:-amd64 arm64}; do
	export ARCH
	cp -r "$stage/common" "$stage/$ARCH"
	compile "$ARCH" "$stage/$ARCH/bailiff"
	cd "$stage/$ARCH"
	find . -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	for kind in deb rpm; do
		said=$("$stage/nfpm" package --config nfpm.yaml --packager $kind --target "$out" 2>&1) || { echo "$said" >&2; exit 1; }
	done
	tarball "$ARCH"
	cd "$root"
done
ls -l "$out" | awk 'NR > 1 {printf "%9d  %s\n", $5, $9}'
