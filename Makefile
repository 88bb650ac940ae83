# haproof: make demo shows what it does, make test proves that it does.

SHELL := /bin/sh
GO ?= go
LINT_VERSION := v2.6.0
LINT := .tools/golangci-lint-$(LINT_VERSION)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The race detector needs a C compiler.
RACE := $(shell command -v gcc >/dev/null 2>&1 && echo -race)

.PHONY: demo test test-unit lint build images bench bench-driver bench-tracker tracker-image golden clean help check-go install-demo install-test install-bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install-demo build ## everything from nothing: install, build, run the main job, write the report
	bin/haproof run quota-exact throughput-by-backends

test: install-test build ## all tests, those on real servers with both engines included
	bin/haproof images --build --if-docker
	$(GO) test $(RACE) -count 1 -timeout 45m -p 1 ./...

test-unit: check-go ## tests that need no server
	$(GO) test $(RACE) -short ./...

lint: check-go $(LINT) ## formatting, vet and the import rules
	$(LINT) run ./...

build: check-go ## bin/haproof and bin/quota-tracker
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/...

images: build ## the container images, where Docker is there
	bin/haproof images --build

bench: check-go ## Go benchmarks: codec, ledger join, record writing, report building, driver
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-driver: install-bench check-go ## the drivers against wrk, h2load, vegeta and fasthttp, as a table (about 6 min)
	$(GO) build -o bin/bench-driver ./harness/driver/bench
	cd harness/driver/bench/rival && $(GO) build -o $(CURDIR)/bin/bench-driver-rival .
	bin/bench-driver -rival bin/bench-driver-rival $(BENCH_FLAGS)

bench-tracker: build ## the tracker: decode, durable, visible, memory and start, as a table (about 4 min)
	$(GO) build -o bin/bench-tracker ./harness/tracker/bench
	cd harness/tracker/bench/rival && $(GO) build -o $(CURDIR)/bin/bench-rival .
	taskset -c 1 bin/bench-tracker -pin 0 -tracker bin/quota-tracker -rival bin/bench-rival

tracker-image: build ## the tracker alone as an image FROM scratch, by the docker command
	rm -rf bin/image && mkdir -p bin/image/store && cp bin/quota-tracker bin/image/
	docker build -t haproof/quota-tracker:$(VERSION) -t haproof/quota-tracker:latest -f containers/image/quota-tracker/Dockerfile bin/image
	rm -rf bin/image

golden: build ## capture the golden peers streams again from real HAProxy
	$(GO) run ./harness/peers/golden -out fixtures/peers

clean: ## what runs left behind, and what was built
	-[ ! -x bin/haproof ] || bin/haproof clean
	rm -rf bin

check-go:
	@command -v $(GO) >/dev/null 2>&1 || { echo 'haproof needs Go 1.26 or newer: https://go.dev/dl/' >&2; exit 3; }

install-demo:
	@sh containers/install.sh demo

install-test:
	@sh containers/install.sh test

install-bench:
	@sh containers/install.sh bench

$(LINT):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv .tools/golangci-lint $@
