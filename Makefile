# SPDX-License-Identifier: LGPL-2.1-or-later
# One rule per kind of file, everything under $(OUT); V=1 shows the commands.

OUT ?= build
PREFIX ?= /usr
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /usr/local/sbin/bpftool) bpftool)
VERSION := 0.1.0
Q := $(if $(V),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Wno-unused-parameter
ifdef WERROR
WARNINGS += -Werror
endif
PACKAGES := libbpf libsystemd openssl inih jansson libseccomp yaml-0.1
# An include names its room: "probe/wire/reply.h" is below userspace/, "agent/", "bpf/" and "tests/" below the top;
# what is generated lies below $(OUT) as its source does here.
INCLUDES := -Iuserspace -I. -I$(OUT)
CPPFLAGS += -D_GNU_SOURCE -DHEARKEN_VERSION='"$(VERSION)"' $(INCLUDES)
CFLAGS ?= -O2 -g
HARDENING := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
LINKING := -pie -Wl,-z,relro,-z,now # no symbol is looked up on the way to the first alert
STD := -std=gnu17 $(WARNINGS)
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lelf -lz

USERSPACE := $(wildcard userspace/*/*.c userspace/*/*/*.c)
LIB := $(USERSPACE:%.c=$(OUT)/%.o)
AGENT := $(patsubst %.c,$(OUT)/%.o,$(wildcard agent/*.c agent/*/*.c))
SANITIZED := $(USERSPACE:%.c=$(OUT)/asan/%.o)
KERNEL_TESTS := $(patsubst tests/kernel/%.c,$(OUT)/tests/kernel/%,$(wildcard tests/kernel/test_*.c))
GUEST_TESTS := $(patsubst tests/system/%.c,$(OUT)/tests/system/%,$(wildcard tests/system/test_*.c))
FAKE_SERVER := $(OUT)/tests/system/fake_server
SYSTEM_TESTS := $(wildcard tests/system/test_*.sh)
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
INTEROP_TESTS := $(wildcard tests/interop/test_*.sh)
UNIT_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/test_*.c))

BENCHES := $(patsubst tests/bench/%.c,$(OUT)/tests/bench/%,$(wildcard tests/bench/*.c))

.DELETE_ON_ERROR:
.PHONY: all clean install run demo check check-slow check-unit check-fuzz check-layers check-kernel check-kernels \
	check-system check-interop bench
.SECONDARY:

all: $(OUT)/hearken

$(OUT)/hearken: $(AGENT) $(OUT)/userspace.a
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/userspace.a: $(LIB)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/asan/userspace.a: $(SANITIZED)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STD) $(HARDENING) $(CFLAGS) -MMD -MP -c -o $@ $<

# The kernel side: CO-RE types of our own, so no BTF of the build host is needed.
$(OUT)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -O2 -g -Wall -Wextra -Wno-unused-parameter \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch) -I. -c -o $@ $<

$(OUT)/bpf/%.skel.h: $(OUT)/bpf/%.bpf.o Makefile
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

KERNEL_SIDE := userspace/observe/kernel
$(foreach o,observer reconcile arrivals,$(OUT)/$(KERNEL_SIDE)/$o.o $(OUT)/asan/$(KERNEL_SIDE)/$o.o): $(OUT)/bpf/listener.skel.h
$(OUT)/$(KERNEL_SIDE)/bind_watch.o $(OUT)/asan/$(KERNEL_SIDE)/bind_watch.o: $(OUT)/bpf/bind.skel.h
$(OUT)/$(KERNEL_SIDE)/accept_watch.o $(OUT)/asan/$(KERNEL_SIDE)/accept_watch.o: $(OUT)/bpf/accept.skel.h

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
$(OUT)/asan/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STD) $(SANITIZE) -MMD -MP -c -o $@ $<

$(OUT)/tests/%: $(OUT)/asan/tests/%.o $(OUT)/asan/userspace.a
	$(Q)mkdir -p $(@D) && $(CC) $(SANITIZE) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka

# Those of agent/'s parts that stand alone.
$(OUT)/tests/test_vantage: $(OUT)/asan/agent/daemon/vantage.o
$(OUT)/tests/test_injection: $(OUT)/asan/agent/daemon/injection.o

# Clang has the fuzzer. What looks at the kernel or starts programs is left out: no bytes of strangers come
# there (and clang takes our spawn.h for the system's), but to who reads what cgroups and containers are called.
# To warn is gcc's part.
FUZZED := $(filter-out userspace/base/spawn.c,\
	$(filter-out userspace/act/% userspace/observe/% userspace/probe/confined/prober%,$(USERSPACE)) \
	$(patsubst %,userspace/observe/owner/%.c,cgroup_path container process))
FUZZ := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
$(OUT)/fuzz/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) -std=gnu17 -w $(FUZZ) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(OUT)/fuzz/userspace.a: $(patsubst %.c,$(OUT)/fuzz/%.o,$(FUZZED)) Makefile
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(OUT)/tests/fuzz/%: $(OUT)/fuzz/tests/fuzz/%.o $(OUT)/fuzz/userspace.a
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LDLIBS)

# As the product is built, without the sanitizers: these run as root, in the guest, or are timed.
$(OUT)/tests/kernel/%: $(OUT)/tests/kernel/%.o $(OUT)/userspace.a
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka
$(OUT)/tests/kernel/test_random: $(OUT)/tests/kernel/actor.o $(OUT)/tests/kernel/truth.o
$(OUT)/tests/system/%: $(OUT)/tests/system/%.o $(OUT)/userspace.a
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka
$(OUT)/tests/bench/bench_snapshot.o: $(OUT)/bpf/listener.skel.h
# A benchmark takes the agent's parts too, as they are in the daemon.
$(OUT)/agent.a: $(filter-out %/main.o,$(AGENT))
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o $(OUT)/agent.a $(OUT)/userspace.a
	$(Q)$(CC) $(LINKING) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lpthread

# A sub-make builds, so that what a fresh machine lacks is there before anything asks for it.
DEPENDENCIES := $(addprefix dependencies-,build demo check bench kernels)
.PHONY: $(DEPENDENCIES)
$(DEPENDENCIES): dependencies-%:
	$(Q)packaging/dependencies.sh $*

demo: dependencies-build dependencies-demo
	$(Q)$(MAKE) --no-print-directory $(OUT)/hearken
	$(Q)tests/system/demo.sh $(OUT)/hearken

run: dependencies-build
	$(Q)$(MAKE) --no-print-directory $(OUT)/hearken
	$(Q)$(OUT)/hearken run

# Everything is compiled without a warning, or not at all.
check: dependencies-build dependencies-check
	$(Q)$(MAKE) --no-print-directory WERROR=1 $(OUT)/hearken $(UNIT_TESTS) $(FUZZERS) $(KERNEL_TESTS) $(GUEST_TESTS) \
		$(FAKE_SERVER)
	$(Q)tests/run.sh tests/check-layers.sh $(UNIT_TESTS) tests/fuzz/fuzz.sh $(KERNEL_TESTS) $(SYSTEM_TESTS) \
		$(INTEROP_TESTS)

# The longer storms, a minute for each fuzzer, and the same programs on other kernels.
check-slow: dependencies-build dependencies-check dependencies-kernels
	$(Q)$(MAKE) --no-print-directory WERROR=1 $(OUT)/hearken $(FUZZERS) $(KERNEL_TESTS) \
		$(OUT)/tests/system/test_leak $(OUT)/tests/test_sandbox
	$(Q)HEARKEN_STORM=1000000 HEARKEN_SECONDS=60 HEARKEN_PROBES=100000 HEARKEN_INTEROP=whole HEARKEN_DIFFERENTIAL=120 \
		HEARKEN_FUZZ_SECONDS=600 TEST_TIMEOUT=900 tests/run.sh $(INTEROP_TESTS) tests/system/test_leak.sh \
		tests/system/test_rendered.sh tests/fuzz/fuzz.sh $(KERNEL_TESTS) tests/kernel/run-matrix.sh

check-kernels: dependencies-build dependencies-check dependencies-kernels
	$(Q)$(MAKE) --no-print-directory WERROR=1 $(KERNEL_TESTS)
	$(Q)TEST_TIMEOUT=900 tests/run.sh tests/kernel/run-matrix.sh

check-unit: $(UNIT_TESTS)
	$(Q)tests/run.sh $^

check-fuzz: $(FUZZERS)
	$(Q)tests/run.sh tests/fuzz/fuzz.sh

check-kernel: $(KERNEL_TESTS)
	$(Q)tests/run.sh $^

check-system: $(OUT)/hearken $(GUEST_TESTS) $(FAKE_SERVER) $(OUT)/tests/test_sandbox
	$(Q)tests/run.sh $(SYSTEM_TESTS)

check-interop: $(OUT)/hearken
	$(Q)tests/run.sh $(INTEROP_TESTS)

check-layers:
	$(Q)tests/check-layers.sh

bench: dependencies-build dependencies-bench dependencies-kernels
	$(Q)$(MAKE) --no-print-directory $(OUT)/hearken $(BENCHES)
	$(Q)tests/bench/bench.sh $(OUT)
	$(Q)tests/bench/bench_accept.sh $(OUT)
	$(Q)tests/bench/probe.sh $(OUT)

install: $(OUT)/hearken
	install -D -m 755 $(OUT)/hearken $(DESTDIR)$(PREFIX)/bin/hearken
	install -D -m 644 packaging/hearken.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/hearken.catalog
	install -D -m 644 packaging/hearken.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/hearken.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/bin/hearken,$(PREFIX)/bin/hearken,' packaging/hearken.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/hearken.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/hearken.service
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/hearken/README.md
	install -m 644 docs/events.md docs/preflight.md docs/design.md $(DESTDIR)$(PREFIX)/share/doc/hearken/
	install -D -m 644 packaging/hearken.conf $(DESTDIR)$(PREFIX)/share/doc/hearken/hearken.conf
	install -D -m 644 packaging/rules/hearken.rules.yml $(DESTDIR)$(PREFIX)/share/doc/hearken/hearken.rules.yml

clean:
	rm -rf $(OUT)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
