# Makefile - names for what the go tool and the scripts in .ci and examples do.
#
#   make            build luv.so
#   make demo       install what is missing, build, run the two scripts of the README
#   make test       install what is missing, build, run every test under lua5.1 and luajit, and the
#                   fuzzer for a moment, with finalisers that do all but raise (make fuzz: they do)
#   make check      the Lua tests with assertions on, and finalisers that act in the midst of
#                   luv's calls (LUV_HOSTILE is the seed), then under AddressSanitizer
#                   (make -k check goes on to the second when the first fails), and threads,
#                   channels and ØMQ at work under ThreadSanitizer
#   make fuzz       random programs of nested constructs, for SECONDS under each interpreter
#   make soak       connections, files, processes, threads, proxies and ØMQ for SECONDS: memory and descriptors stay flat
#   make bench      the benchmarks, each beside its limit in C
#   make lint       gofmt and go vet
#   make install    copy luv.so to $(DESTDIR)$(LIBDIR); see PREFIX
#   make deps       install what the targets above need
#   make clean

GO     ?= go
LUAS   ?= lua5.1 luajit
PREFIX ?= /usr/local
SECONDS ?= 60
LIBDIR ?= $(PREFIX)/lib/lua/5.1

# Where lua.h is, if not in /usr/include/lua5.1.
LUA_INCDIR ?=

# lluadash keeps liblua out of luv.so: the interpreter that loads it brings its own.
TAGS = lluadash

# Packed relocations: a third of a megabyte less to read at every require.
LINK  = -Wl,--version-script=$(CURDIR)/luv.map -Wl,-z,pack-relative-relocs
BUILD = $(GO) build -buildvcs=false -buildmode=c-shared -ldflags '-extldflags "$(LINK)"'
ASAN  = -g -O1 -fsanitize=address -fno-omit-frame-pointer $(INCLUDE)
TSAN  = -g -O1 -fsanitize=thread -fno-omit-frame-pointer $(INCLUDE)

export GO LUAS LUA_INCDIR
ifneq ($(LUA_INCDIR),)
INCLUDE = -I$(LUA_INCDIR)
export CGO_CFLAGS = -g -O2 $(INCLUDE)
endif

all: luv.so

# The go tool knows best what has to be built again, so luv.so is always asked for.
luv.so: ready
	$(BUILD) -tags $(TAGS) -o $@ .

demo: deps luv.so
	@examples/demo.sh

test: deps luv.so vet
	$(GO) test -count=1 -tags $(TAGS) ./...
	@SECONDS=20 FUZZ="--raise 0" .ci/fuzz .
	@.ci/lua-tests .

fuzz: luv.so
	@SECONDS=$(SECONDS) .ci/fuzz .

soak: luv.so
	LUA_CPATH="$(CURDIR)/?.so;;" $(firstword $(LUAS)) tests/fuzz/soak.lua $(SECONDS)

check: check-assert check-asan check-tsan

check-assert: deps
	$(BUILD) -tags "$(TAGS) luvcheck" -o build/check/luv.so .
	@SECONDS=$(SECONDS) .ci/fuzz build/check
	@LUV_HOSTILE=$${LUV_HOSTILE:-1} .ci/lua-tests build/check

check-asan: deps
	CGO_CFLAGS="$(ASAN)" CGO_LDFLAGS="-fsanitize=address" $(BUILD) -tags $(TAGS) -o build/asan/luv.so .
	@UNDER="env LD_PRELOAD=$$($${CC:-gcc} -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0" \
	  sh -c 'SECONDS=$(SECONDS) .ci/fuzz build/asan && .ci/lua-tests build/asan'

check-tsan: deps
	CGO_CFLAGS="$(TSAN)" CGO_LDFLAGS="-fsanitize=thread" $(BUILD) -tags $(TAGS) -o build/tsan/luv.so .
	LUA_CPATH="$(CURDIR)/build/tsan/?.so;;" LD_PRELOAD=$$($${CC:-gcc} -print-file-name=libtsan.so) \
	  TSAN_OPTIONS="suppressions=tests/lib/tsan.supp exitcode=1" lua5.1 tests/lib/race.lua

bench: deps luv.so
	$(GO) run -tags $(TAGS) ./bench $(ARGS)

lint: vet
	@files=$$(gofmt -l $$(ls -d */ | grep -v vendor) *.go); test -z "$$files" || { echo "gofmt would change: $$files"; exit 1; }

vet: ready
	$(GO) vet -tags $(TAGS) ./...

# Builds only if there is no luv.so yet, so that "sudo make install" needs no Go.
install:
	@test -f luv.so || $(MAKE) luv.so
	install -d $(DESTDIR)$(LIBDIR)
	install -m 755 luv.so $(DESTDIR)$(LIBDIR)/luv.so
	@echo "A Lua that does not look there by itself is told so with:"
	@echo "  export LUA_CPATH='$(LIBDIR)/?.so;;'"

deps:
	@.ci/deps

ready:
	@.ci/deps --check

clean:
	rm -rf luv.so luv.h build

.PHONY: all luv.so demo test check check-assert check-asan check-tsan fuzz soak bench lint vet install deps ready clean
.NOTPARALLEL:
