# bailiff. A newcomer needs `make run` and `make test`; the rest is for those who work on it.
SHELL       := /bin/bash
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS     := -s -w -X main.version=$(VERSION)
BARS        := go test -tags bars -count=1 -timeout 30m -v
ARGS        ?=
# What runs here is what the packages hold: a static program, built without a C compiler.
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := build
.PHONY: help run build test unit lint packages test-packages bench bench-match bench-config bench-journal bench-firewall soak fuzz go modules deps deps-test

help:                 ## list what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

run: deps build       ## install what is missing, build, and run the daemon on the built-in configuration
	@./bailiff run $(ARGS)

build: go             ## build ./bailiff; plain make does this
	@packaging/deps.sh modules . ./cmd/bailiff
	@echo "building ./bailiff: the first time this compiles SQLite too and takes minutes, later a few seconds"
	go build -trimpath -ldflags '$(LDFLAGS)' -o bailiff ./cmd/bailiff

test: deps-test lint unit ## everything: install what is missing, lint, and run all tests, as root

unit: modules         ## the tests alone: real iptables, ipset, journald and packets: as root
	go test -timeout 20m $$(go list ./... | grep -v '^bailiff/journal$$')
	CGO_ENABLED=1 go test -timeout 20m -tags sdjournal ./journal ./jails/config # with libsystemd as the reader's twin

lint: modules         ## gofmt, go vet, staticcheck
	@bad=$$(gofmt -s -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "gofmt -s wants: $$bad"; exit 1; }
	go vet ./...
	go vet -tags bars ./...
	CGO_ENABLED=1 go vet -tags 'bars sdjournal' ./journal ./jails/config
	@packaging/deps.sh modules packaging/tools tool
	go tool -modfile=packaging/tools/go.mod staticcheck ./...

packages: deps        ## deb, rpm and tarball for amd64 and arm64 in dist/
	packaging/build.sh dist

test-packages: deps-test ## lint the packages and install them in a freshly booted machine
	packaging/deps.sh packages
	packaging/test/packages.sh dist

bench: go             ## every benchmark; those below check bars beside peers and fail when one is missed
	go test -run '^$$' -bench . -benchmem ./...
bench-match: go deps-test ## matching beside peers: fails below the bars
	$(BARS) -run '^TestMatchBars$$' ./jails
bench-config: go deps-test ## loading a configuration beside fail2ban: fails below the bars
	$(BARS) -run '^TestConfigBars$$' ./jails/config
bench-journal: go deps-test ## reading the journal beside peers: fails below the bars
	CGO_ENABLED=1 $(BARS) -tags 'bars sdjournal' -run '^TestJournalBars' ./journal
bench-firewall: go deps-test ## bans beside peers: fails below the bars
	$(BARS) -run '^TestFirewallBars$$' ./firewall

soak: go              ## ten minutes of torture for each reader, 500 starts that are ended
	BAILIFF_SOAK=10m FILEFOLLOW_SOAK=10m BAILIFF_KILLS=500 go test -count=1 -run 'Torture' -timeout 60m ./journal ./filefollow ./cmd/bailiff
fuzz: go              ## a minute for each fuzz target
	packaging/test/fuzz.sh 60s

go:
	@packaging/deps.sh go
modules:
	@packaging/deps.sh modules . -test -tags bars ./...
deps:
	@packaging/deps.sh run
deps-test: deps
	@packaging/deps.sh test
