# bailiff. A newcomer needs `make run` and `make test`; the rest is for those who work on it.
SHELL       := /bin/bash
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS     := -s -w -X main.version=$(VERSION)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ARGS        ?=

.PHONY: run build test unit lint bench bench-journal soak fuzz deps deps-test go

run: deps build       ## install what is missing, build, and run the daemon on the built-in configuration
	@./bailiff run $(ARGS)

build: go
	go build -trimpath -ldflags '$(LDFLAGS)' -o bailiff ./cmd/bailiff

test: deps-test lint unit

unit: go              ## real iptables, ipset, journald and packets: as root
	go test -timeout 20m ./...

lint: go
	@bad=$$(gofmt -s -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "gofmt -s wants: $$bad"; exit 1; }
	go vet ./...
	CGO_ENABLED=0 go vet ./cmd/bailiff
	go run $(STATICCHECK) ./...

bench-match: go    ## how fast lines are matched, beside other programs
	go test -tags bars -count=1 -timeout 30m -run '^TestMatchBars$$' -v ./jails

bench-journal: go     ## how fast the journal is read, beside libsystemd, journalctl and fail2ban
	go test -tags bars -count=1 -timeout 30m -run '^TestJournalBars' -v ./journal

soak: go              ## ten minutes of torture for each reader
	BAILIFF_SOAK=10m FILEFOLLOW_SOAK=10m go test -count=1 -run 'Torture' -timeout 60m ./journal ./filefollow

bench-config: go   ## how fast every stock jail is resolved, beside fail2ban-client -d
	go test -tags bars -count=1 -run '^TestConfigBars$$' -v ./jails/config

bench-firewall: go   ## how fast bans reach the kernel and what they cost, beside fail2ban and ipset restore: as root
	go test -tags bars -count=1 -timeout 30m -run '^TestFirewallBars$$' -v ./firewall

bench: go
	go test -run '^$$' -bench . -benchmem ./...

fuzz: go              ## a minute for each fuzz target
	packaging/test/fuzz.sh 60s

go:
	@packaging/deps.sh go

deps:
	@packaging/deps.sh run

deps-test: deps
	@packaging/deps.sh test
