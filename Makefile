# SPDX-License-Identifier: LGPL-2.1-or-later
# One rule per kind of file, everything under $(OUT); V=1 shows the commands.

OUT ?= build
PREFIX ?= /usr
DESTDIR ?=
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /usr/local/sbin/bpftool) bpftool)
VERSION := 0.1.0
Q := $(if $(V),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Wno-unused-parameter
ifdef WERROR
WARNINGS += -Werror
endif
PARTS := base model intent observe judge probe act report
PACKAGES := libbpf libsystemd openssl inih jansson
INCLUDES := $(addprefix -Iuserspace/,$(PARTS)) -Iagent -Ibpf -I$(OUT)
CPPFLAGS += -D_GNU_SOURCE -DHEARKEN_VERSION='"$(VERSION)"' $(INCLUDES)
CFLAGS ?= -O2 -g
HARDENING := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
STD := -std=gnu17 $(WARNINGS)
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lelf -lz

LIB := $(patsubst %.c,$(OUT)/%.o,$(wildcard userspace/*/*.c))
AGENT := $(patsubst %.c,$(OUT)/%.o,$(wildcard agent/*.c))
SANITIZED := $(patsubst %.c,$(OUT)/asan/%.o,$(wildcard userspace/*/*.c))
UNIT_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all clean check-unit
.SECONDARY:

all: $(OUT)/hearken

$(OUT)/hearken: $(AGENT) $(OUT)/userspace.a
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/userspace.a: $(LIB)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/asan/userspace.a: $(SANITIZED)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STD) $(HARDENING) $(CFLAGS) -MMD -MP -c -o $@ $<

# The kernel side: CO-RE types of our own, so no BTF of the build host is needed.
$(OUT)/%.bpf.o: bpf/%.bpf.c bpf/listener_event.h bpf/kernel_types.h
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -O2 -g -Wall -Wextra -Wno-unused-parameter \
		-I/usr/include/$(shell $(CC) -dumpmachine) -Ibpf -c -o $@ $<

$(OUT)/%.skel.h: $(OUT)/%.bpf.o Makefile
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(OUT)/userspace/observe/observer.o $(OUT)/asan/userspace/observe/observer.o: $(OUT)/listener.skel.h

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
$(OUT)/asan/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STD) $(SANITIZE) -MMD -MP -c -o $@ $<

$(OUT)/tests/%: $(OUT)/asan/tests/%.o $(OUT)/asan/userspace.a
	$(Q)mkdir -p $(@D) && $(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Real kernel events: without the sanitizers, whose shadow memory would drown the /proc of the test.
$(OUT)/tests/kernel/%: $(OUT)/tests/kernel/%.o $(OUT)/userspace.a
	$(Q)mkdir -p $(@D) && $(CC) -pie $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

check-unit: $(UNIT_TESTS)
	$(Q)for t in $^; do $$t || exit 1; done

clean:
	rm -rf $(OUT)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
