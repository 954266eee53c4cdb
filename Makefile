# SPDX-License-Identifier: GPL-2.0

# $(call quoted,TEXT) is TEXT as one word for the shell; $(name) is that of T=NAME, or nothing. (value: make expands no $ in it.)
quoted = '$(subst ','\'',$1)'
name = $(if $(T),$(call quoted,$(value T)))

# M=DIR, which kbuild has, too, stands for the modules in another directory: see docs/your-own-module.md. They are built in the
# sandbox for the virtual machine's kernel, unless KDIR names the build tree of another kernel.
sources := $(if $(M),$(shell realpath -m -- $(call quoted,$(value M))),$(CURDIR))
from := $(if $(M),--from $(call quoted,$(sources)))
sandboxed := $(and $(M),$(filter undefined,$(origin KDIR)))
of-them := modules modules_install rust-analyzer vm dev gdb test matrix lint vm-modules clean
ifneq ($(and $(M),$(filter-out $(of-them) path help,$(MAKECMDGOALS))),)
$(error M=DIR works only with these targets: $(of-them))
endif

# The build tree of the kernel to build for (default: the running one's). `make help` lists the targets.
KDIR ?= $(shell scripts/preflight.sh --default 2>/dev/null)
# KERNEL is the kernel that boots in the virtual machine (default: the newest that can), SUITE is the Debian that it comes from,
# and ARCH is its architecture. The scripts use the same variables. (An unset ARCH is not exported, because kbuild would use the
# empty value.)
export KERNEL SUITE

release = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
MO ?= $(sources)/build/modules/$(release)
kbuild = tools=$$(scripts/preflight.sh "$(KDIR)" "$(MO)") && mkdir -p $(MO) && \
	flock $(MO) $(MAKE) --no-print-directory -C $(KDIR) M=$(sources) MO=$(MO) RUST_LKM=$(CURDIR) $(if $(M),$(debug)) $$tools
# The modules in another directory have debug information even if the kernel has none: decode.sh needs it to find the line of a crash.
# (Kbuild says the same for those of this checkout.)
debug = $(if $(shell grep -s '^CONFIG_DEBUG_INFO=y' $(KDIR)/include/config/auto.conf),,RUSTFLAGS_MODULE=-Cdebuginfo=2 CFLAGS_MODULE=-g)
uses = $(if $(M),scripts/preflight.sh --uses $(sources) $(release))
check = scripts/check-modules.sh
in-sandbox = kdir=$$(scripts/sandbox.sh scripts/rust-headers.sh) && scripts/sandbox.sh $(if $(M),--writable $(sources)) \
	make --no-print-directory $1 KDIR=$$kdir $(if $(M),M=$(sources)) $(foreach v,V CLIPPY TESTS,$(if $($(v)),$(v)=$($(v))))

ifeq ($(sandboxed),)
modules: path ## build the modules for KDIR (the default target)
	@$(if $(M),$(uses) >/dev/null)
	@$(kbuild) modules || { $(check) --failed $(sources) $(MO) $(KDIR); exit 1; }
	@$(check) $(sources) $(MO) $(KDIR)
	@$(if $(M)$(RUST_LKM_SUITE),,ln -sf $(patsubst $(CURDIR)/%,%,$(MO))/*.ko .)

modules_install: modules ## install them where modprobe finds them (as root; INSTALL_MOD_PATH= for another place)
	@$(kbuild) modules_install CONFIG_MODULE_SIG_ALL= cmd_sign='$(CURDIR)/scripts/sign.sh --installed $$@' \
		cmd_depmod='$(CURDIR)/scripts/depmod.sh $(release)'

sign: ## sign the modules for Secure Boot; the first time, make a key and enrol it (as root)
	@scripts/sign.sh

rust-analyzer: modules ## write rust-project.json, for editors
	@$(kbuild) rust-analyzer && scripts/rust-project.py $(sources) $(MO) "$(if $(RUST_LKM_SUITE),build/sandbox/$(RUST_LKM_SUITE))" $$($(uses))
	@ln -sf $(patsubst $(sources)/%,%,$(MO))/rust-project.json $(sources)/
else
modules rust-analyzer: path
	@$(call in-sandbox,$@)

modules_install:
	@echo "KDIR must name the build tree of the kernel to install them for: KDIR=/lib/modules/$$(uname -r)/build" >&2; exit 2
endif

# (Every script refuses to work in a checkout whose path the shell, make or kbuild would misread.)
path:
	@$(if $(M),scripts/preflight.sh --sources $(call quoted,$(value M)),scripts/preflight.sh --default >/dev/null)

doc: vm-modules ## make the documentation of the crate lkm (build/doc/lkm/index.html), and compile its examples
	@kdir=$$(scripts/sandbox.sh scripts/rust-headers.sh) && \
		scripts/sandbox.sh scripts/doc.sh build/modules/$$(cat $$kdir/include/config/kernel.release)

book: ## make a book of the guide and the other documents (build/book/index.html)
	@scripts/book.sh

demo: ## the tour of the modules, in a virtual machine (T=CHAPTER: only that chapter)
	@scripts/demo.sh --list $(name) >/dev/null
	@$(MAKE) --no-print-directory vm-modules
	@scripts/vm.sh scripts/demo.sh $(name)

vm: vm-modules ## a root shell in that virtual machine
	@scripts/vm.sh $(from)

gdb: path ## a debugger that stops at the beginning of a module's init (T=MODULE, default hello_world; with M=DIR: the first there)
	@$(MAKE) --no-print-directory vm-modules
	@scripts/gdb.sh $(from) $(or $(name),$(if $(M),,hello_world))

dev: path ## a virtual machine in which each save is built and loaded (T=NAME: then run these tests; P="NAME=VALUE…": parameters)
	@scripts/dev.sh $(from) $(foreach p,$(value P),--set $(call quoted,$(p))) $(name)

debian: ## a shell in a whole Debian, in a virtual machine, with this checkout in its home
	@scripts/debian.sh --checkout

test: ## run the tests (T=NAME: only those whose path contains NAME)
	@scripts/test.sh $(from) $(name)

test-long: ## run the tests that take minutes: storms, whole builds, an empty clone (T=NAME)
	@scripts/test.sh --long $(name)

test-debian: ## run the tests on a whole Debian, in a virtual machine (T=NAME)
	@scripts/test.sh --debian $(name)

test-sanitized: ## run the tests on a kernel that detects faults, and tests that inject faults (the first time it builds that kernel)
	@scripts/test.sh --sanitized $(name)

test-all: ## run all of these, and those that take too long for continuous integration (hours)
	@failed=0; for part in test test-long test-debian test-sanitized test-longest test-mutants lint; do \
		$(MAKE) --no-print-directory $$part || failed=1; done; exit $$failed

test-longest: ## run the tests that take many minutes: packages, in a Debian made for them (T=NAME)
	@scripts/test.sh --all $(name)

test-mutants: ## test the tests: do they notice small defects? (T=NAME: some of them; G=N: N defects made by rules; SEED=S: the same ones again)
	@$(if $(G),scripts/generated-mutants.sh $(if $(SEED),--seed $(call quoted,$(value SEED))) $(call quoted,$(value G)),scripts/test-mutants.sh) $(name)

matrix: ## build and test for all of Debian's kernels (K=PART: some of them)
	@scripts/matrix.sh $(from) $(if $(K),$(call quoted,$(value K)))

bench: ## count what the modules cost, compared with the same modules in C (B=OPTIONS: see bench/bench.sh --help)
	@bench/bench.sh $(B)

lint: ## rustfmt, clippy, shellcheck, shfmt, spelling and style of text
	@scripts/lint.sh $(from)

vm-modules: path ## build the modules for the virtual machine's kernel, in the sandbox
	@$(call in-sandbox,modules)

clean: ## remove the files that building the modules has made
	@scripts/clean.sh $(from)

distclean: ## remove everything that was made, including the sandbox
	@scripts/clean.sh --all

help: ## this list
	@sed -n 's/^\([a-z_-]*\):[^#]*## /\1|/p' Makefile | while IFS='|' read -r target text; do \
		printf '  %-16s %s\n' "$$target" "$$text"; done

.PHONY: path modules modules_install sign rust-analyzer doc book demo vm dev gdb debian test test-long test-debian test-sanitized test-all test-longest \
	test-mutants matrix bench lint \
	vm-modules clean distclean help
