# csapi - one makefile for the whole tree.
#
# make, make check, make lint, make install; `make help` lists the rest. Sources are found by folder, so a new file
# needs no line here. Everything built goes below $(B); give `B=DIR` to build elsewhere.

B ?= build
CC ?= cc
AR ?= ar
OBJCOPY ?= objcopy
PKG_CONFIG ?= pkg-config
PROVE ?= prove
CFLAGS ?= -O2 -g

PREFIX ?= /usr/local
bindir ?= $(PREFIX)/bin
sbindir ?= $(PREFIX)/sbin
libexecdir ?= $(PREFIX)/libexec/csapi
libdir ?= $(PREFIX)/lib
includedir ?= $(PREFIX)/include
luadir ?= $(libdir)/lua
pkgconfigdir ?= $(libdir)/pkgconfig
datadir ?= $(PREFIX)/share
pkgdatadir ?= $(datadir)/csapi
mandir ?= $(datadir)/man
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir ?= $(datadir)/zsh/site-functions
fishcompdir ?= $(datadir)/fish/vendor_completions.d
systemdsystemunitdir ?= $(PREFIX)/lib/systemd/system
systemduserunitdir ?= $(PREFIX)/lib/systemd/user
sysusersdir ?= $(PREFIX)/lib/sysusers.d
tmpfilesdir ?= $(PREFIX)/lib/tmpfiles.d
INSTALL ?= install

# What the sources need whatever the user's own flags are.
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
OWN_CPPFLAGS := -D_GNU_SOURCE -Ilib
OWN_CFLAGS := -std=c11 -Wall -Wextra -Wshadow -Wconversion -fstack-protector-strong
OWN_LDFLAGS := -Wl,-z,relro,-z,now,--as-needed
PIE_CFLAGS := -fPIE
PIE_LDFLAGS := -pie
ifdef SANITIZE
FORTIFY := -U_FORTIFY_SOURCE
OWN_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OWN_LDFLAGS += -fsanitize=address,undefined
REPORT_PATH := $(B)/test/sanitizer/report_path.o
endif

# Third-party libraries, each used by one floor. bzip2 and libfreshclam have no .pc file in Debian.
FORMAT_PACKAGES := jansson libconfuse
PROCESS_PACKAGES := libseccomp
FETCH_PACKAGES := libcurl
SCAN_PACKAGES := libclamav libarchive gmime-3.0 glib-2.0 zlib liblzma
system = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(1)))
FORMAT_CPPFLAGS = $(eval FORMAT_CPPFLAGS := $(call system,$(FORMAT_PACKAGES)))$(FORMAT_CPPFLAGS)
SCAN_CPPFLAGS = $(eval SCAN_CPPFLAGS := $(call system,$(SCAN_PACKAGES)))$(SCAN_CPPFLAGS)
FETCH_CPPFLAGS = $(eval FETCH_CPPFLAGS := $(call system,$(FETCH_PACKAGES) libclamav))$(FETCH_CPPFLAGS)
PROCESS_CPPFLAGS = $(eval PROCESS_CPPFLAGS := $(call system,$(PROCESS_PACKAGES)))$(PROCESS_CPPFLAGS)
FORMAT_LIBS = $(eval FORMAT_LIBS := $(shell $(PKG_CONFIG) --libs $(FORMAT_PACKAGES)))$(FORMAT_LIBS)
FETCH_LIBS = $(eval FETCH_LIBS := -lfreshclam $(shell $(PKG_CONFIG) --libs $(FETCH_PACKAGES) libclamav))$(FETCH_LIBS)
PROCESS_LIBS = $(eval PROCESS_LIBS := $(shell $(PKG_CONFIG) --libs $(PROCESS_PACKAGES)))$(PROCESS_LIBS)
SCAN_LIBS = $(eval SCAN_LIBS := $(shell $(PKG_CONFIG) --libs $(SCAN_PACKAGES)) -lbz2)$(SCAN_LIBS)

# One archive a floor. fault.c and sscanf.c take the place of libc functions for the whole program, so the programs that
# want them name their objects: from an archive the linker would take libc's instead.
FLOORS := base verdict format scan process clamd gateway engine fetch update
# libcsapi, for other programs: these floors and lib/csapi above them, compiled once more as a library wants it.
LIBRARY_FLOORS := base verdict format process clamd engine
LIBRARY_SONAME := libcsapi.so.1
LIBRARY_FILE := $(LIBRARY_SONAME).0.0
# The Lua module, for each kind of Lua whose headers are here. LuaJIT loads what was built for 5.1; it is compiled for itself as well.
LUA_KINDS := 5.1 5.4 jit
lua_package = $(firstword $(foreach name,$(1),$(shell $(PKG_CONFIG) --exists $(name) 2>/dev/null && echo $(name))))
LUA_PACKAGE_5.1 := $(call lua_package,lua5.1 lua-5.1 lua51)
LUA_PACKAGE_5.4 := $(call lua_package,lua5.4 lua-5.4 lua54)
LUA_PACKAGE_jit := $(call lua_package,luajit)
LUA_FOUND := $(strip $(foreach kind,$(LUA_KINDS),$(if $(LUA_PACKAGE_$(kind)),$(kind))))
LUA_MODULES := $(LUA_FOUND:%=$(B)/lua/%/msys/av.so)
LIBRARY := $(B)/$(LIBRARY_SONAME) $(B)/libcsapi.so $(B)/libcsapi.a
VERSION = $(shell sed -n 's/^.define CSAPI_VERSION "\(.*\)"/\1/p' lib/base/version.h)
STAND_INS := $(B)/lib/scan/fault.o $(B)/lib/scan/sscanf.o
sources = $(sort $(wildcard lib/$(1)/*.c lib/$(1)/*/*.c))
objects = $(patsubst %.c,$(B)/%.o,$(1))
ARCHIVES := $(FLOORS:%=$(B)/lib%.a)

PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/csapi-*.c))
THIN_PROGRAMS := csapi-scan csapi-scanner csapi-update csapi-version csapi-limits csapi-clamd
MAINS := $(PROGRAMS:%=cmd/%.c)
# What else is in cmd/, such as option tables, is shared by the programs.
CMD_SOURCES := $(filter-out $(MAINS),$(sort $(wildcard cmd/*.c cmd/*/*.c)))
THIN_ARCHIVES := $(B)/libcmd.a $(B)/libgateway.a $(B)/libupdate.a $(B)/libengine.a $(B)/libclamd.a $(B)/libprocess.a $(B)/libformat.a $(B)/libverdict.a $(B)/libbase.a
FETCH_ARCHIVES := $(B)/libfetch.a $(B)/libformat.a $(B)/libverdict.a $(B)/libbase.a
FULL_ARCHIVES := $(B)/libcmd.a $(B)/libgateway.a $(B)/libupdate.a $(B)/libscan.a $(B)/libengine.a $(B)/libclamd.a $(B)/libprocess.a $(B)/libformat.a $(B)/libverdict.a $(B)/libbase.a

UNITS := $(patsubst test/unit/%.c,$(B)/test/%.t,$(wildcard test/unit/*.c))
PRELOADS := $(patsubst test/preload/%.c,$(B)/test/preload/%.so,$(wildcard test/preload/*.c))
HELPERS := $(patsubst test/helper/%.c,$(B)/test/helper/%,$(wildcard test/helper/*.c))
GUESTS := $(patsubst test/library/%.c,$(B)/test/library/%,$(wildcard test/library/*.c))
FUZZ_TARGETS := $(filter-out replay,$(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/*.c)))
FUZZ_MUTATORS := $(patsubst %.c,$(B)/%.o,$(wildcard test/fuzz/mutator/*.c))
BENCHES := $(patsubst test/bench/%.c,$(B)/test/bench/%,$(wildcard test/bench/*.c))

COMPILE = $(CC) $(OWN_CPPFLAGS) $(FORTIFY) $(FLOOR_CPPFLAGS) $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS)

.PHONY: faults fuzz all programs library lua check-abi deb check-deb tests check soak check-sanitize sanitize clang lint generate check-generated format install uninstall clean help bench bench-smoke bench-cache compare seek screens FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: programs library $(LUA_MODULES)
programs: $(PROGRAMS:%=$(B)/%)
library: $(LIBRARY)
lua: $(LUA_MODULES)
	@[ -n "$(LUA_MODULES)" ] || { echo "pkg-config finds no Lua: install liblua5.1-0-dev, liblua5.4-dev or libluajit-5.1-dev" >&2; exit 1; }
tests: $(UNITS) $(PRELOADS) $(HELPERS) $(BENCHES) $(GUESTS) $(FUZZ_TARGETS:%=$(B)/test/fuzz/%)

help:
	@echo "make [all]            build the programs below build/"
	@echo "make library          libcsapi alone; lib/csapi.h is its header"
	@echo "make lua              the Lua module msys.av, for each Lua that pkg-config finds:$(LUA_FOUND:%= %)"
	@echo "make check            build and run all tests"
	@echo "make deb              Debian packages, below $(B)/deb"
	@echo "make check-deb        builds, installs, tries and purges them on a bare Debian 12 that it makes: some five minutes, root only"
	@echo "make check-abi        libcsapi still has what programs were linked with"
	@echo "make bench            measure beside clamd; SIGNATURES=8700000 MESSAGES=1000 ROUNDS=5 CALLS=100 ONLY=phases"
	@echo "make bench-cache      what the cache of verdicts gains and costs: two minutes"
	@echo "make bench-smoke      the same in small, to see that it works"
	@echo "make soak             the resident scanner, live updates and updates under torture: some 40 minutes"
	@echo "make check-peers      c-icap and rspamd on the scanner's socket for clamd's protocol"
	@echo "make lint             formatting, floors, manuals, shell scripts, generated files"
	@echo "make sanitize         build with ASan and UBSan below build/sanitize"
	@echo "make check-sanitize   run all tests against that build"
	@echo "make clang            build with clang, warnings as errors, below build/clang"
	@echo "make generate         write completions and generated manuals anew from the tables"
	@echo "make fuzz             fuzz targets, FUZZ_TIME seconds each (FUZZ=\"mime wire\" for some)"
	@echo "make faults           every call that can fail, failing once: hours (FAULTS_MOST=20 for a sample)"
	@echo "make seek             mail changed at random, for a file that another reader of mail has and csapi-scan has not"
	@echo "make compare          what clamscan, clamdscan and csapi-scan say of the same mail: some five minutes"
	@echo "make screens          draw the terminal sessions of the README anew"
	@echo "make format           run clang-format over all C files"
	@echo "make install          PREFIX=$(PREFIX), DESTDIR as usual; make uninstall undoes it"

# --- compiling ---------------------------------------------------------------------------------------------------

# Changed flags or directories rebuild what they touch: these files change only when their text does.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(COMPILE) $(LDFLAGS)' | cmp -s - $@ || printf '%s\n' '$(COMPILE) $(LDFLAGS)' >$@
$(B)/places: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(PLACES)' | cmp -s - $@ || printf '%s\n' '$(PLACES)' >$@

PLACES := -DCSAPI_SBINDIR=\"$(sbindir)\" -DCSAPI_LIBEXECDIR=\"$(libexecdir)\" -DCSAPI_DATADIR=\"$(pkgdatadir)\"
$(B)/lib/base/place.o: $(B)/places
$(B)/lib/base/place.o: private FLOOR_CPPFLAGS = $(PLACES)
$(B)/pic/lib/base/place.o: $(B)/places
$(B)/pic/lib/base/place.o: private FLOOR_CPPFLAGS = $(PLACES) -DCSAPI_SHARED
$(B)/lib/format/%.o $(B)/pic/lib/format/%.o: private FLOOR_CPPFLAGS = $(FORMAT_CPPFLAGS)
$(B)/lib/process/%.o $(B)/pic/lib/process/%.o: private FLOOR_CPPFLAGS = $(PROCESS_CPPFLAGS)
$(B)/lib/fetch/%.o: private FLOOR_CPPFLAGS = $(FETCH_CPPFLAGS)
$(B)/lib/scan/%.o: private FLOOR_CPPFLAGS = $(SCAN_CPPFLAGS)
$(B)/test/unit/%.o: private FLOOR_CPPFLAGS = -I. $(FORMAT_CPPFLAGS) $(SCAN_CPPFLAGS)
$(B)/test/fuzz/%.o: private FLOOR_CPPFLAGS = -Itest/fuzz $(FORMAT_CPPFLAGS)
$(B)/test/helper/%.o: private FLOOR_CPPFLAGS = $(SCAN_CPPFLAGS)
$(B)/scripts/%.o: private FLOOR_CPPFLAGS = -I.
# It defines functions that the fortified headers redefine.
$(STAND_INS): private FORTIFY := -U_FORTIFY_SOURCE

$(B)/%.o: %.c $(B)/flags Makefile
	@mkdir -p $(@D)
	$(COMPILE) $(PIE_CFLAGS) -c -o $@ $<

$(B)/pic/%.o: %.c $(B)/flags Makefile
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -fvisibility=hidden -c -o $@ $<

define archive
$(B)/lib$(1).a: $(2)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) qcs $$@ $$^
endef
$(foreach floor,$(FLOORS),$(eval $(call archive,$(floor),$(filter-out $(STAND_INS),$(call objects,$(call sources,$(floor)))))))
$(foreach floor,$(LIBRARY_FLOORS),$(eval $(call archive,pic-$(floor),$(patsubst %.c,$(B)/pic/%.o,$(call sources,$(floor))))))
$(eval $(call archive,cmd,$(call objects,$(CMD_SOURCES))))

# --- linking -----------------------------------------------------------------------------------------------------

$(THIN_PROGRAMS:%=$(B)/%): $(B)/%: $(B)/cmd/%.o $(REPORT_PATH) $(THIN_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(FORMAT_LIBS)

$(B)/csapi-worker: $(B)/cmd/csapi-worker.o $(REPORT_PATH) $(STAND_INS) $(FULL_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SCAN_LIBS) $(PROCESS_LIBS) $(FORMAT_LIBS)

# libfreshclam speaks by functions of the program that uses it, where there are some.
$(B)/csapi-fetch: $(B)/cmd/csapi-fetch.o $(REPORT_PATH) $(FETCH_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) -Wl,--export-dynamic-symbol=logg,--export-dynamic-symbol=mprintf,--export-dynamic-symbol=connect $(LDFLAGS) -o $@ $^ $(FETCH_LIBS) $(FORMAT_LIBS)

# From bottom to top the floors hold each other up in one direction only, but for the linker they are one group.
LIBRARY_OBJECTS := $(patsubst %.c,$(B)/pic/%.o,$(call sources,csapi))
LIBRARY_ARCHIVES := $(LIBRARY_FLOORS:%=$(B)/libpic-%.a)
$(B)/$(LIBRARY_SONAME): $(LIBRARY_OBJECTS) $(LIBRARY_ARCHIVES) lib/csapi/csapi.map
	$(LINK) -shared -Wl,-soname,$(LIBRARY_SONAME) -Wl,--version-script=lib/csapi/csapi.map -Wl,--no-undefined $(LDFLAGS) -o $@ \
		$(LIBRARY_OBJECTS) -Wl,--start-group $(LIBRARY_ARCHIVES) -Wl,--end-group $(FORMAT_LIBS) -lpthread
$(B)/libcsapi.so: $(B)/$(LIBRARY_SONAME)
	ln -sf $(LIBRARY_SONAME) $@
# It calls functions of the interpreter that loads it.
define lua_module
$(B)/lua/$(1)/msys_av.o: lib/lua/msys_av.c $(B)/flags Makefile
	@mkdir -p $$(@D)
	$$(COMPILE) $$(patsubst -I%,-isystem %,$$(shell $$(PKG_CONFIG) --cflags $$(LUA_PACKAGE_$(1)))) -fPIC -fvisibility=hidden -c -o $$@ $$<
$(B)/lua/$(1)/msys/av.so: $(B)/lua/$(1)/msys_av.o $(LIBRARY)
	@mkdir -p $$(@D)
	$$(LINK) -shared $$(LDFLAGS) -o $$@ $$< -L$(B) -lcsapi
endef
$(foreach kind,$(LUA_FOUND),$(eval $(call lua_module,$(kind))))
# One object, in which only csapi_* can be seen: no name of ours meets one of the program's.
$(B)/libcsapi.a: $(LIBRARY_OBJECTS) $(LIBRARY_ARCHIVES)
	@rm -f $@
	$(LD) -r -o $(B)/pic/csapi.o $(LIBRARY_OBJECTS) --start-group $(LIBRARY_ARCHIVES) --end-group
	$(OBJCOPY) --localize-hidden $(B)/pic/csapi.o
	$(AR) qcs $@ $(B)/pic/csapi.o

$(B)/generate: $(B)/scripts/generate.o $(REPORT_PATH) $(THIN_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(FORMAT_LIBS)

$(B)/test/%.t: $(B)/test/unit/%.o $(REPORT_PATH) $(STAND_INS) $(FULL_ARCHIVES)
	@mkdir -p $(@D)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SCAN_LIBS) $(PROCESS_LIBS) $(FORMAT_LIBS)

# With replay.c in place of a fuzzer, or with one: make fuzz.
$(B)/test/fuzz/%: $(B)/test/fuzz/%.o $(FUZZ_MUTATORS) $(if $(FUZZER),,$(B)/test/fuzz/replay.o) $(REPORT_PATH) $(STAND_INS) $(B)/libfetch.a $(FULL_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(FETCH_LIBS) $(SCAN_LIBS) $(PROCESS_LIBS) $(FORMAT_LIBS)

# A preloaded library is no part of the product: no sanitizer in it, or it would have to come first.
$(B)/test/preload/%.so: test/preload/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(OWN_CPPFLAGS) $(CPPFLAGS) $(filter-out -fsanitize% -fno-sanitize%,$(OWN_CFLAGS)) $(CFLAGS) -MMD -MP -MF $(@:.so=.d) -fPIC -shared -o $@ $< -ldl

$(B)/test/helper/%: $(B)/test/helper/%.o $(REPORT_PATH) $(THIN_ARCHIVES)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(FORMAT_LIBS) $(SCAN_LIBS)

# A guest sees what is installed: the header and the shared library, found beside it.
$(B)/test/library/%: $(B)/test/library/%.o $(REPORT_PATH) $(LIBRARY)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(B) -Wl,-rpath,'$$ORIGIN/../..' -lcsapi -lpthread

$(B)/test/bench/%: $(B)/test/bench/%.o $(REPORT_PATH)
	$(LINK) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^

# --- tests -------------------------------------------------------------------------------------------------------

# One run of prove for both kinds, so that it closes with one total.
# Three on two processors: many tests wait for something.
PROVE_FLAGS ?= -j3 --failures --comments
check: all tests $(B)/generate
	CSAPI_BUILD=$(abspath $(B)) $(PROVE) $(PROVE_FLAGS) -r --ext .bats --ext .t test $(B)/test

# What the last release promised to programs; scripts/check-abi says how a release makes a new promise.
check-abi: library
	scripts/check-abi $(B)

deb:
	scripts/package $(B)/deb
check-deb:
	scripts/check-package

# Ratios against clamd, clamdscan and clamscan. The results of a full run stay in $(B)/bench; those to be shown are in test/bench/results.
SIGNATURES ?= 8700000
MESSAGES ?= 1000
ROUNDS ?= 5
CALLS ?= 100
bench: all $(BENCHES)
	test/bench/run.py --build=$(B) --output=$(B)/bench --signatures=$(SIGNATURES) --messages=$(MESSAGES) --rounds=$(ROUNDS) --calls=$(CALLS) $(ONLY:%=--only=%)
bench-smoke: all $(BENCHES)
	test/bench/run.py --build=$(B) --output=$(B)/bench-smoke --signatures=5000 --messages=30 --planted-every=3 --rounds=2 --calls=5

# Counts of verdicts beside ClamAV's own programs.
compare: all tests
	test/bench/compare.py --build=$(B) --output=test/bench/results/compare.md
	scripts/compare-readings --build=$(B) --output=test/bench/results/readings.md

# Mail changed at random, read by csapi-scan and by every other reader that this machine has; test/readers/readers.py says which there are.
SEEK_MAILS ?= 500
SEEK_ROUNDS ?= 20
SEEK_SEED ?= 1
seek: all tests
	scripts/seek-misses --build=$(B) --mails=$(SEEK_MAILS) --rounds=$(SEEK_ROUNDS) --seed=$(SEEK_SEED)

# Real sessions, as pictures.
screens: all
	scripts/make-screens $(B) share/screens

# The cache of verdicts on and off, in turns.
bench-cache: all
	test/bench/cache.sh $(B)

# Other programs that speak clamd's protocol: unpacked, not installed.
check-peers: all
	CSAPI_PEERS=1 CSAPI_BUILD=$(abspath $(B)) $(PROVE) --failures --comments --ext .bats test/peers

# Thousands of clients, crashes and kills instead of the dozens in `make check`.
soak: all tests
	CSAPI_SOAK=1 CSAPI_BUILD=$(abspath $(B)) $(PROVE) --timer --failures --comments --ext .bats test/resident.bats test/load.bats test/live.bats test/update_torture.bats

sanitize:
	$(MAKE) B=build/sanitize SANITIZE=1 CFLAGS='-O1 -g' all tests
# What a sanitizer says of a worker would end as a verdict: it goes to files, and a file is a failure. Signals are left
# alone, since tests send them and overflow stacks on purpose.
REPORTS = $(CURDIR)/build/sanitize/reports
check-sanitize:
	rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	status=0; \
	ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_abort=0:allocator_may_return_null=1 \
	UBSAN_OPTIONS=print_stacktrace=1 CSAPI_SANITIZER_REPORTS=$(REPORTS)/report \
	$(MAKE) B=build/sanitize SANITIZE=1 CFLAGS='-O1 -g' check || status=1; \
	cat $(REPORTS)/* 2>/dev/null && status=1; \
	exit $$status
# Every call of every function that can fail, failing once: hours. FAULTS="csapi-scan csapi-worker:open" for some, FAULTS_MOST=20 for a sample.
FAULTS_MOST ?= 0
faults: all tests
	test/faults.py --build=$(B) --most=$(FAULTS_MOST) --output=$(B)/faults.md $(FAULTS)
# libFuzzer under AddressSanitizer and UBSan: FUZZ_TIME seconds for each of FUZZ, what is found below build/fuzz/found.
FUZZ ?= $(FUZZ_TARGETS)
FUZZ_TIME ?= 60
fuzz:
	$(MAKE) B=build/fuzz CC=clang FUZZER=1 CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' \
		LDFLAGS='-fsanitize=fuzzer,address,undefined' $(FUZZ:%=build/fuzz/test/fuzz/%)
	scripts/fuzz --build=build/fuzz --seconds=$(FUZZ_TIME) $(FUZZ)
clang:
	$(MAKE) B=build/clang CC=clang CFLAGS='-O2 -g -Werror' all tests

C_FILES = $(sort $(shell find cmd lib scripts test -name '*.[ch]'))
SHELL_FILES = $(sort $(wildcard .ci/run) $(shell grep -lIE '^\#!/bin/(ba)?sh' scripts/* share/recipes/*/* 2>/dev/null))
lint: all
	@case $$(clang-format --version) in \
	*' version 14.'*) clang-format --dry-run -Werror $(C_FILES) ;; \
	*) echo "formatting is not checked: that takes clang-format 14, each version has its own view" ;; \
	esac
	CSAPI_BUILD=$(B) scripts/check-floors
	mandoc -Tlint -Wwarning $(wildcard man/*.[1-9])
	shellcheck $(SHELL_FILES)
	$(MAKE) check-generated
format:
	clang-format -i $(C_FILES)

# --- generated files ---------------------------------------------------------------------------------------------

# Completions, lists in the manuals, and the example of a configuration come from the tables in cmd/ and lib/verdict/.
generate: $(B)/generate
	$(B)/generate .
	for document in $(patsubst share/schema/%-1.schema.json,%,$(wildcard share/schema/*-1.schema.json)); do scripts/generate-schema $$document >share/schema/$$document-1.schema.json || exit 1; done
check-generated: $(B)/generate
	@rm -rf $(B)/generated && mkdir -p $(B)/generated/share && cp -r man completions $(B)/generated/
	@$(B)/generate $(B)/generated
	@diff -ru man $(B)/generated/man && diff -ru completions $(B)/generated/completions && \
	diff -u share/csapi.conf.example $(B)/generated/share/csapi.conf.example || \
	{ echo "generated files are stale: run \`make generate'" >&2; exit 1; }

# --- installing --------------------------------------------------------------------------------------------------

MANUALS = $(wildcard man/*.[1-9])
BIN_PROGRAMS = $(filter csapi-scan csapi-version csapi-limits,$(PROGRAMS))
SBIN_PROGRAMS = $(filter csapi-scanner csapi-update,$(PROGRAMS))
LIBEXEC_PROGRAMS = $(filter csapi-worker csapi-fetch csapi-clamd,$(PROGRAMS))
COMPLETED = $(basename $(notdir $(wildcard completions/*.bash)))
UNITS_SYSTEM = csapi-scanner.service csapi-scanner.socket csapi-update.service csapi-update.timer
UNITS_USER = csapi-scanner.service csapi-scanner.socket
LIBRARY_INSTALLED = $(libdir)/$(LIBRARY_FILE) $(libdir)/$(LIBRARY_SONAME) $(libdir)/libcsapi.so $(libdir)/libcsapi.a $(pkgconfigdir)/libcsapi.pc $(includedir)/csapi.h
# LuaJIT looks where 5.1 does.
LUA_INSTALLED_KINDS = $(if $(filter jit,$(LUA_FOUND)),$(filter-out jit,$(sort 5.1 $(LUA_FOUND))),$(LUA_FOUND))
LUA_INSTALLED = $(foreach kind,$(LUA_INSTALLED_KINDS),$(luadir)/$(kind)/msys/av.so)
INSTALLED = $(LIBRARY_INSTALLED) $(LUA_INSTALLED) $(BIN_PROGRAMS:%=$(bindir)/%) $(SBIN_PROGRAMS:%=$(sbindir)/%) $(LIBEXEC_PROGRAMS:%=$(libexecdir)/%) \
	$(foreach page,$(notdir $(MANUALS)),$(mandir)/man$(subst .,,$(suffix $(page)))/$(page)) \
	$(foreach program,$(COMPLETED),$(bashcompdir)/$(program) $(zshcompdir)/_$(program) $(fishcompdir)/$(program).fish) \
	$(UNITS_SYSTEM:%=$(systemdsystemunitdir)/%) $(UNITS_USER:%=$(systemduserunitdir)/%) \
	$(sysusersdir)/csapi.conf $(tmpfilesdir)/csapi.conf
PACKAGE_DIRS = definitions schema samples examples lua recipes
RECIPES = $(sort $(wildcard share/recipes/*/*))

# Recipes can be used where they lie, and then look for csapi-scan in PATH; installed ones name it, and each other, in full: programs that
# deliver mail start others with little or no PATH.
place_recipe = sed 's|/usr/share/csapi/recipes|$(pkgdatadir)/recipes|g; s|/usr/bin/csapi-scan|$(bindir)/csapi-scan|g; s|\(CSAPI_SCAN[:=][-"]\)csapi-scan|\1$(bindir)/csapi-scan|'

# A file, with the directories that it names: FROM,TO.
install_filled = sed 's|@sbindir@|$(sbindir)|g; s|@bindir@|$(bindir)|g' $(1) | $(INSTALL) -D -m 644 /dev/stdin '$(DESTDIR)$(2)'
# FOLDER,DIRECTORY,UNIT
define install_unit
	$(call install_filled,$(firstword $(wildcard share/systemd/$(1)$(3) share/systemd/$(1)$(3).in)),$(2)/$(3))

endef

# Nothing goes to /etc: units wait to be enabled, and the files for cron and logrotate lie among the examples, to be copied by who wants them.
install: all
	$(INSTALL) -d $(foreach dir,$(bindir) $(sbindir) $(libexecdir) $(bashcompdir) $(zshcompdir) $(fishcompdir),'$(DESTDIR)$(dir)')
	$(INSTALL) -d $(foreach dir,$(PACKAGE_DIRS),'$(DESTDIR)$(pkgdatadir)/$(dir)')
	$(INSTALL) -m 755 $(BIN_PROGRAMS:%=$(B)/%) '$(DESTDIR)$(bindir)/'
	$(INSTALL) -m 755 $(SBIN_PROGRAMS:%=$(B)/%) '$(DESTDIR)$(sbindir)/'
	$(INSTALL) -m 755 $(LIBEXEC_PROGRAMS:%=$(B)/%) '$(DESTDIR)$(libexecdir)/'
	$(INSTALL) -D -m 644 lib/csapi.h '$(DESTDIR)$(includedir)/csapi.h'
	$(INSTALL) -D -m 644 $(B)/$(LIBRARY_SONAME) '$(DESTDIR)$(libdir)/$(LIBRARY_FILE)'
	ln -sf $(LIBRARY_FILE) '$(DESTDIR)$(libdir)/$(LIBRARY_SONAME)'
	ln -sf $(LIBRARY_SONAME) '$(DESTDIR)$(libdir)/libcsapi.so'
	$(INSTALL) -m 644 $(B)/libcsapi.a '$(DESTDIR)$(libdir)/'
	sed 's|@prefix@|$(PREFIX)|g; s|@libdir@|$(libdir)|g; s|@includedir@|$(includedir)|g; s|@version@|$(VERSION)|g' lib/csapi/libcsapi.pc.in | \
		$(INSTALL) -D -m 644 /dev/stdin '$(DESTDIR)$(pkgconfigdir)/libcsapi.pc'
	for kind in $(LUA_INSTALLED_KINDS); do \
		module=$(B)/lua/$$kind/msys/av.so; [ -e $$module ] || module=$(B)/lua/jit/msys/av.so; \
		$(INSTALL) -D -m 644 $$module '$(DESTDIR)$(luadir)'/$$kind/msys/av.so || exit 1; \
	done
	$(INSTALL) -m 644 $(wildcard share/lua/*.lua) '$(DESTDIR)$(pkgdatadir)/lua/'
	for file in $(RECIPES); do \
		mode=644; [ ! -x $$file ] || mode=755; \
		$(place_recipe) $$file | $(INSTALL) -D -m $$mode /dev/stdin '$(DESTDIR)$(pkgdatadir)'/$${file#share/} || exit 1; \
	done
	$(INSTALL) -m 644 $(wildcard share/definitions/*) '$(DESTDIR)$(pkgdatadir)/definitions/'
	$(INSTALL) -m 644 $(wildcard share/schema/*) '$(DESTDIR)$(pkgdatadir)/schema/'
	$(INSTALL) -m 644 $(wildcard share/samples/*) '$(DESTDIR)$(pkgdatadir)/samples/'
	for page in $(MANUALS); do $(INSTALL) -D -m 644 "$$page" '$(DESTDIR)$(mandir)/man'"$${page##*.}/$${page##*/}" || exit 1; done
	for program in $(COMPLETED); do \
		$(INSTALL) -m 644 completions/$$program.bash '$(DESTDIR)$(bashcompdir)'/$$program && \
		$(INSTALL) -m 644 completions/_$$program '$(DESTDIR)$(zshcompdir)/' && \
		$(INSTALL) -m 644 completions/$$program.fish '$(DESTDIR)$(fishcompdir)/' || exit 1; \
	done
	$(foreach unit,$(UNITS_SYSTEM),$(call install_unit,,$(systemdsystemunitdir),$(unit)))
	$(foreach unit,$(UNITS_USER),$(call install_unit,user/,$(systemduserunitdir),$(unit)))
	$(INSTALL) -D -m 644 share/systemd/csapi.sysusers.conf '$(DESTDIR)$(sysusersdir)/csapi.conf'
	$(INSTALL) -D -m 644 share/systemd/csapi.tmpfiles.conf '$(DESTDIR)$(tmpfilesdir)/csapi.conf'
	$(call install_filled,share/cron/csapi-update.in,$(pkgdatadir)/examples/cron/csapi-update)
	$(call install_filled,share/logrotate/csapi.in,$(pkgdatadir)/examples/logrotate/csapi)
	$(INSTALL) -m 644 share/csapi.conf.example '$(DESTDIR)$(pkgdatadir)/examples/'

uninstall:
	rm -f $(foreach file,$(INSTALLED),'$(DESTDIR)$(file)')
	rm -rf $(foreach dir,$(PACKAGE_DIRS),'$(DESTDIR)$(pkgdatadir)/$(dir)')
	-rmdir $(foreach kind,$(LUA_INSTALLED_KINDS),'$(DESTDIR)$(luadir)/$(kind)/msys') 2>/dev/null
	-rmdir '$(DESTDIR)$(pkgdatadir)' '$(DESTDIR)$(libexecdir)' 2>/dev/null

clean:
	rm -rf $(B)

-include $(shell find $(B)/cmd $(B)/lib $(B)/test $(B)/scripts $(B)/pic $(B)/lua -name '*.d' 2>/dev/null)
