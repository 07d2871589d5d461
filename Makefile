# SPDX-License-Identifier: LGPL-2.1-or-later
# One rule per kind of file, everything under $(OUT); V=1 shows the commands. "make help" lists what can be made.

OUT ?= build
PREFIX ?= /usr
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /usr/local/sbin/bpftool) bpftool)
VERSION := 0.1.0
# Below this directory it has one name, or what was built under the other would be taken for up to date.
override OUT := $(patsubst $(CURDIR)/%,%,$(abspath $(OUT)))
export OUT

# $(call say,CC,FILE): what is done, in a word; with V=1 the command says it.
Q := $(if $(V),,@)
say = $(if $(V),,$(info $(empty)  $(1)	$(2:$(OUT)/%=%)))
empty :=

json_text = $(subst ",\",$(subst \,\\,$1))

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Wno-unused-parameter
ifdef WERROR
WARNINGS += -Werror
endif
PACKAGES := libbpf libsystemd openssl inih jansson libseccomp yaml-0.1
# An include names its room: "probe/wire/reply.h" is below userspace/, "agent/", "bpf/" and "tests/" below the top;
# what is generated lies below $(OUT) as its source does here.
INCLUDES := -Iuserspace -I. -I$(OUT) -I$(OUT)/userspace
CPPFLAGS += -D_GNU_SOURCE -DHEARKEN_VERSION='"$(VERSION)"' $(INCLUDES)
CFLAGS ?= -O2 -g
HARDENING := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
LINKING := -pie -Wl,-z,relro,-z,now # no symbol is looked up on the way to the first alert
STD := -std=gnu17 $(WARNINGS)
COMPILE = $(CC) $(CPPFLAGS) $(STD) $(HARDENING) $(CFLAGS)
COMPILE_BPF = $(CLANG) -target bpf -O2 -g -ffile-prefix-map=$(CURDIR)=. -Wall -Wextra -Wno-unused-parameter \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch) -I.
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lelf -lz

INSIDE := userspace/base/inside
USERSPACE := $(filter-out $(INSIDE)/%,$(wildcard userspace/*/*.c userspace/*/*/*.c))
LIB := $(USERSPACE:%.c=$(OUT)/%.o)
AGENT := $(patsubst %.c,$(OUT)/%.o,$(wildcard agent/*.c agent/*/*.c))
SANITIZED := $(USERSPACE:%.c=$(OUT)/asan/%.o)
SANITIZED_AGENT := $(patsubst $(OUT)/%,$(OUT)/asan/%,$(filter-out %/main.o,$(AGENT)))
KERNEL_TESTS := $(patsubst tests/kernel/%.c,$(OUT)/tests/kernel/%,$(wildcard tests/kernel/test_*.c))
GUEST_TESTS := $(patsubst tests/system/%.c,$(OUT)/tests/system/%,$(wildcard tests/system/test_*.c))
FAKE_SERVER := $(OUT)/tests/system/fake_server
SUPPORT := $(wildcard tests/support/*.c)
SYSTEM_TESTS := $(wildcard tests/system/test_*.sh)
# Minutes in which little is tried that the others leave out: for check-slow, as conversations with every server are.
SLOW_TESTS := $(addprefix tests/system/test_,docker_ends.sh docker_matrix.sh docker_nginx.sh docker_planned.sh enter_unit.sh sender.sh \
	judgement.sh planned.sh)
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
INTEROP_TESTS := $(wildcard tests/interop/test_*.sh)
STATIC_TESTS := $(wildcard tests/check-*.sh)
UNIT_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/test_*.c))
SKELETONS := $(patsubst bpf/%.bpf.c,$(OUT)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
BENCHES := $(patsubst tests/bench/%.c,$(OUT)/tests/bench/%,$(wildcard tests/bench/*.c))

.DELETE_ON_ERROR:
.PHONY: all help debug man deb install uninstall clean run demo bench soak check check-slow check-unit check-static check-fuzz check-mutants \
	check-kernel check-kernels check-system check-interop compile_commands.json
.SECONDARY:

all: $(OUT)/hearken ## build $(OUT)/hearken, the one binary

help: ## this list; V=1 shows commands, WERROR=1 takes no warning, OUT=DIR builds elsewhere
	@sed -n 's/^\([a-z_.-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target does; do printf '  %-22s %s\n' "$$target" "$$does"; done

debug: ## the same for a debugger, in OUT/debug; with ASAN=1, for the sanitizers
	$(Q)$(MAKE) --no-print-directory OUT=$(OUT)/debug CFLAGS='-Og -g3 $(if $(ASAN),$(SANITIZERS))' \
		LDFLAGS='$(LDFLAGS) $(if $(ASAN),$(SANITIZERS))' $(OUT)/debug/hearken

# What is compiled here, and how. The generated headers are made too: who reads the sources wants them.
compile_commands.json: export AS_C = $(call json_text,$(COMPILE))
compile_commands.json: export AS_BPF = $(call json_text,$(COMPILE_BPF))
compile_commands.json: $(SKELETONS) ## how each file is compiled, for clangd and its like
	$(call say,JSON,$@)
	$(Q)comma=; { echo '['; for file in $(sort $(shell git ls-files -co --exclude-standard '*.c' 2>/dev/null || find . -name '*.c')); do \
		case $$file in *.bpf.c) how=$$AS_BPF ;; *) how=$$AS_C ;; esac; \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}\n' \
			"$$comma" '$(CURDIR)' "$$file" "$$how" "$$file"; \
		comma=,; done; echo ']'; } >$@

$(OUT)/hearken: $(AGENT) $(OUT)/userspace.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/userspace.a: $(LIB)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/asan/userspace.a: $(SANITIZED)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<

# The kernel side: CO-RE types of our own, so no BTF of the build host is needed. The kernel wants BTF, nobody DWARF.
$(OUT)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE_BPF) -c -o $@ $< && $(LLVM_STRIP) -g $@

$(OUT)/bpf/%.skel.h: $(OUT)/bpf/%.bpf.o Makefile
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# The program that goes into containers: no library, nothing to relocate, a page or two. Hearken carries it as bytes.
COMPILE_INSIDE = $(CC) -D_GNU_SOURCE -Iuserspace $(STD) -Os -ffreestanding -fno-stack-protector -fno-pie \
	-fomit-frame-pointer -fno-asynchronous-unwind-tables -nostdlib -static -no-pie \
	-Wl,--build-id=none,-z,noexecstack,-z,norelro,-z,noseparate-code,-s
$(OUT)/$(INSIDE)/inside: $(wildcard $(INSIDE)/*) Makefile
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE_INSIDE) -o $@ $(filter %.c,$^)
$(OUT)/$(INSIDE)/image.h: $(OUT)/$(INSIDE)/inside
	$(call say,BYTES,$@)
	$(Q)od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g' >$@
$(foreach d,$(OUT) $(OUT)/asan $(OUT)/fuzz,$d/userspace/base/enter.o): $(OUT)/$(INSIDE)/image.h

# Who includes a skeleton needs it to be there; what it includes is known from the second time on.
KERNEL_SIDE := $(filter userspace/observe/kernel/%,$(USERSPACE:.c=.o))
$(addprefix $(OUT)/,$(KERNEL_SIDE) tests/bench/bench_snapshot.o) $(addprefix $(OUT)/asan/,$(KERNEL_SIDE)): | $(SKELETONS)

SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE := $(SANITIZERS) -O1 -g
$(OUT)/asan/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STD) $(SANITIZE) -MMD -MP -c -o $@ $<

# What the tests share, and the agent's parts but main: an archive gives what is asked for.
$(OUT)/asan/agent.a: $(SANITIZED_AGENT)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/asan/support.a: $(SUPPORT:%.c=$(OUT)/asan/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/tests/%: $(OUT)/asan/tests/%.o $(OUT)/asan/support.a $(OUT)/asan/agent.a $(OUT)/asan/userspace.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(SANITIZE) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka

# Clang has the fuzzer. What looks at the kernel or starts programs is left out: no bytes of strangers come
# there (and clang takes our spawn.h for the system's), but to who reads what cgroups and containers are called,
# and what their runtime says of them.
# To warn is gcc's part.
FUZZED := $(filter-out userspace/base/spawn.c,\
	$(filter-out userspace/act/% userspace/observe/% userspace/probe/confined/prober%,$(USERSPACE)) \
	$(patsubst %,userspace/observe/owner/%.c,cgroup_path container process) \
	$(patsubst %,userspace/observe/runtime/%.c,http podman stored word))
FUZZ := $(SANITIZERS) -O1 -g
$(OUT)/fuzz/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) -std=gnu17 -w $(FUZZ) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(OUT)/fuzz/support.a: $(SUPPORT:%.c=$(OUT)/fuzz/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(OUT)/fuzz/userspace.a: $(patsubst %.c,$(OUT)/fuzz/%.o,$(FUZZED)) Makefile
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(OUT)/tests/fuzz/%: $(OUT)/fuzz/tests/fuzz/%.o $(OUT)/fuzz/support.a $(OUT)/fuzz/userspace.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LDLIBS)

# As the product is built, without the sanitizers: these run as root, in the guest, or are timed.
$(OUT)/tests/kernel/%: $(OUT)/tests/kernel/%.o $(OUT)/userspace.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka
$(OUT)/tests/kernel/test_random: $(OUT)/tests/kernel/actor.o $(OUT)/tests/kernel/truth.o
$(OUT)/support.a: $(SUPPORT:%.c=$(OUT)/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(OUT)/tests/system/%: $(OUT)/tests/system/%.o $(OUT)/support.a $(OUT)/userspace.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka
# A benchmark takes the agent's parts too, as they are in the daemon.
$(OUT)/agent.a: $(filter-out %/main.o,$(AGENT))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o $(OUT)/agent.a $(OUT)/userspace.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lpthread

# A sub-make builds, so that what a fresh machine lacks is there before anything asks for it.
DEPENDENCIES := $(addprefix dependencies-,build demo check bench kernels package)
.PHONY: $(DEPENDENCIES)
$(DEPENDENCIES): dependencies-%:
	$(Q)packaging/dependencies.sh $*

# Who says nothing of jobs need not wait for one processor alone.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))
demo: dependencies-build dependencies-demo ## the whole story on a real Dovecot (root)
	$(Q)$(MAKE) $(JOBS) --no-print-directory $(OUT)/hearken
	$(Q)tests/system/demo.sh $(OUT)/hearken

run: dependencies-build ## watch this host, in the foreground (root)
	$(Q)$(MAKE) $(JOBS) --no-print-directory $(OUT)/hearken
	$(Q)$(OUT)/hearken run

# Everything is compiled without a warning, or not at all.
CHECKED := $(OUT)/hearken $(UNIT_TESTS) $(FUZZERS) $(KERNEL_TESTS) $(GUEST_TESTS) $(FAKE_SERVER) \
	$(OUT)/tests/interop/show_project
check: dependencies-build dependencies-check ## all tests, some minutes (root)
	$(Q)$(MAKE) $(JOBS) --no-print-directory WERROR=1 $(CHECKED)
	$(Q)tests/run.sh $(STATIC_TESTS) $(UNIT_TESTS) tests/fuzz/fuzz.sh $(KERNEL_TESTS) \
		$(filter-out $(SLOW_TESTS),$(SYSTEM_TESTS))

# The longer storms, a minute for each fuzzer, and the same programs on other kernels.
check-slow: dependencies-build dependencies-check dependencies-kernels dependencies-package ## the longer storms, other kernels, the package (root)
	$(Q)$(MAKE) --no-print-directory WERROR=1 $(OUT)/hearken $(FUZZERS) $(KERNEL_TESTS) \
		$(OUT)/tests/system/test_leak $(OUT)/tests/test_sandbox $(FAKE_SERVER) $(OUT)/tests/interop/show_project \
		$(OUT)/tests/test_random_facts
	$(Q)HEARKEN_FACTS=200000 HEARKEN_STORM=1000000 HEARKEN_SECONDS=60 HEARKEN_PROBES=100000 HEARKEN_INTEROP=whole HEARKEN_DIFFERENTIAL=120 \
		HEARKEN_FUZZ_SECONDS=600 TEST_TIMEOUT=900 tests/run.sh $(INTEROP_TESTS) $(SLOW_TESTS) tests/system/test_leak.sh \
		tests/system/test_rendered.sh tests/model/check-ladder.sh $(OUT)/tests/test_random_facts tests/fuzz/fuzz.sh \
		$(KERNEL_TESTS) tests/package.sh tests/kernel/run-matrix.sh

soak: dependencies-build dependencies-check ## MINUTES=10 of planned operations on a real Dovecot: no alert, no repair (root)
	$(Q)$(MAKE) --no-print-directory $(OUT)/hearken
	$(Q)HEARKEN_MINUTES=$(or $(MINUTES),10) tests/system/test_planned.sh

check-static: $(OUT)/hearken ## what can be seen without running: layers, names, sizes, format, scripts
	$(Q)tests/run.sh $(STATIC_TESTS)

check-unit: $(UNIT_TESTS) ## the unit tests; no root, no network
	$(Q)tests/run.sh $^

check-fuzz: $(FUZZERS) ## each fuzzer for some seconds
	$(Q)tests/run.sh tests/fuzz/fuzz.sh

check-mutants: $(OUT)/userspace.a ## MUTANTS=60 small faults in judge and merge: which does no unit test notice?
	$(Q)OUT="$(OUT)" CC="$(CC)" CPPFLAGS='$(CPPFLAGS)' LDLIBS="$(LDLIBS)" tests/mutants/mutants.pl

check-kernel: $(KERNEL_TESTS) ## the BPF programs on this kernel (root)
	$(Q)tests/run.sh $^

check-kernels: dependencies-build dependencies-check dependencies-kernels ## and on others, in QEMU (root)
	$(Q)$(MAKE) --no-print-directory WERROR=1 $(KERNEL_TESTS)
	$(Q)TEST_TIMEOUT=900 tests/run.sh tests/kernel/run-matrix.sh

check-system: $(OUT)/hearken $(GUEST_TESTS) $(FAKE_SERVER) $(OUT)/tests/test_sandbox ## the binary among real servers (root)
	$(Q)tests/run.sh $(SYSTEM_TESTS)

check-interop: $(OUT)/hearken $(OUT)/tests/interop/show_project ## conversations with each server that is installed (root)
	$(Q)tests/run.sh $(INTEROP_TESTS)

bench: dependencies-build dependencies-bench dependencies-kernels ## what it costs, beside what it is compared with (root)
	$(Q)$(MAKE) --no-print-directory $(OUT)/hearken $(BENCHES)
	$(Q)tests/bench/bench.sh $(OUT)
	$(Q)tests/bench/bench_accept.sh $(OUT)
	$(Q)tests/bench/probe.sh $(OUT)

# Man pages, out of what else says it. Whoever has no scdoc does without them.
MAN := $(addprefix $(OUT)/man/,hearken.8 hearken.conf.5 hearken-events.7)
man: $(if $(shell command -v scdoc),$(MAN)) ## the man pages, in OUT/man; needs scdoc
	$(if $(shell command -v scdoc),,@echo "  there is no scdoc here, so there are no man pages")
$(OUT)/man/%: $(OUT)/hearken $(wildcard packaging/man/*) packaging/hearken.conf docs/events.md
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && packaging/man/make-man.sh $* $(OUT)/hearken >$@.scd && scdoc <$@.scd >$@

# Into a DESTDIR it is installed for another host, which a package's own scripts prepare.
DOC := $(DESTDIR)$(PREFIX)/share/doc/hearken
SHARED := $(addprefix share/,man/man8/hearken.8 man/man5/hearken.conf.5 man/man7/hearken-events.7 \
	bash-completion/completions/hearken zsh/vendor-completions/_hearken)
install: $(if $(DESTDIR),,dependencies-build) ## install below PREFIX; without DESTDIR, make this host ready for it (root)
	$(Q)$(MAKE) $(JOBS) --no-print-directory $(OUT)/hearken man
	install -D -m 755 $(OUT)/hearken $(DESTDIR)$(PREFIX)/bin/hearken
	install -D -m 644 packaging/hearken.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/hearken.catalog
	install -D -m 644 packaging/hearken.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/hearken.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DOC)
	sed 's,/usr/bin/hearken,$(PREFIX)/bin/hearken,' packaging/hearken.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/hearken.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/hearken.service
	install -m 644 packaging/hearken-hook.path $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/bin/hearken,$(PREFIX)/bin/hearken,' packaging/hearken-hook.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/hearken-hook.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/hearken-hook.service
	install -m 644 README.md docs/*.md packaging/hearken.conf packaging/prometheus/hearken.rules.yml $(DOC)
	for page in $(notdir $(MAN)); do [ ! -e $(OUT)/man/$$page ] || \
		install -D -m 644 $(OUT)/man/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done
	install -D -m 644 packaging/completion/hearken.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hearken
	install -D -m 644 packaging/completion/_hearken $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_hearken
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/share/hearken/hooks packaging/hooks/*
	$(if $(DESTDIR),,packaging/register.sh add)

# Built in a copy, as Debian builds: its own folder, its own flags. DEB_BUILD_OPTIONS and SOURCE_DATE_EPOCH are minded.
DEB := $(OUT)/deb/hearken-$(VERSION)
# The first line of debian/copyright is the same in every package: that of an installed one is taken.
FORMAT_OF := /usr/share/doc/debhelper/copyright
deb: ## the Debian package, in OUT/deb; needs debhelper and build-essential
	$(Q)rm -rf $(OUT)/deb && mkdir -p $(DEB)
	$(Q){ git ls-files -co --exclude-standard 2>/dev/null || find . -type f ! -path './$(OUT)/*'; } | \
		tar -c --ignore-failed-read --files-from=- | tar -x -C $(DEB)
	$(Q)cp -r $(DEB)/packaging/debian $(DEB)/debian
	$(Q)date=$$(LC_ALL=C date -uR -d @$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}) && \
		sed "s/@VERSION@/$(VERSION)/; s/@DATE@/$$date/" $(DEB)/debian/changelog.in >$(DEB)/debian/changelog
	$(Q)rm $(DEB)/debian/changelog.in
	$(Q)format=$$(grep -m 1 '^Format:' $(FORMAT_OF)) || { echo "deb: $(FORMAT_OF) has no Format line"; exit 1; }; \
		sed -i "s|@FORMAT@|$$format|" $(DEB)/debian/copyright
	$(Q)cd $(DEB) && env -u OUT -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -b -us -uc $(if $(V),,>../build.log 2>&1) || \
		{ tail -n 20 ../build.log; exit 1; }
	$(Q)ls $(OUT)/deb/*.deb

uninstall: ## undo install (root)
	$(if $(DESTDIR),,packaging/register.sh stop)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/hearken lib/systemd/catalog/hearken.catalog \
		lib/sysusers.d/hearken.conf $(addprefix lib/systemd/system/hearken,.service -hook.service -hook.path) $(SHARED))
	rm -rf $(DOC) $(DESTDIR)$(PREFIX)/share/hearken
	$(if $(DESTDIR),,packaging/register.sh remove)

clean: ## remove OUT
	rm -rf $(OUT)

-include $(shell find $(OUT) -path $(OUT)/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
