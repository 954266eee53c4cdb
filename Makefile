# SPDX-License-Identifier: GPL-2.0

# The kernel to build for: the running one, unless KDIR names another's build tree. `make help` lists the targets.
KDIR ?= $(shell scripts/preflight.sh --default 2>/dev/null)
# The kernel that boots in the virtual machine (default: the newest that can be); SUITE and ARCH are the Debian that it is
# from and its architecture. The scripts know them by these names too. (ARCH is not exported if it is not set: kbuild would
# take it for an answer.)
export KERNEL SUITE

release = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
MO ?= $(CURDIR)/build/modules/$(release)
kbuild = tools=$$(scripts/preflight.sh "$(KDIR)" "$(MO)") && mkdir -p $(MO) && \
	flock $(MO) $(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) MO=$(MO) $$tools
check = scripts/check-modules.sh

modules: path ## build the modules for KDIR (the default)
	@$(kbuild) modules || { $(check) --failed $(CURDIR) $(MO) $(KDIR); exit 1; }
	@$(check) $(CURDIR) $(MO) $(KDIR)
	@$(if $(RUST_LKM_SUITE),,ln -sf $(patsubst $(CURDIR)/%,%,$(MO))/*.ko .)

modules_install: modules ## install them where modprobe looks (as root; INSTALL_MOD_PATH= for elsewhere)
	@$(kbuild) modules_install CONFIG_MODULE_SIG_ALL= cmd_depmod='$(CURDIR)/scripts/depmod.sh $(release)'

rust-analyzer: modules ## write rust-project.json, for editors
	@$(kbuild) rust-analyzer && scripts/rust-project.py $(MO) $(if $(RUST_LKM_SUITE),build/sandbox/$(RUST_LKM_SUITE))
	@ln -sf $(patsubst $(CURDIR)/%,%,$(MO))/rust-project.json .

# (Every script refuses a path of this checkout that the shell, make or kbuild would take for something else.)
path:
	@scripts/preflight.sh --default >/dev/null

doc: vm-modules ## documentation of the crate lkm (build/doc/lkm/index.html); its examples are compiled
	@kdir=$$(scripts/sandbox.sh scripts/rust-headers.sh) && \
		scripts/sandbox.sh scripts/doc.sh build/modules/$$(cat $$kdir/include/config/kernel.release)

book: ## the guide and the other documents as a book (build/book/index.html)
	@scripts/book.sh

demo: ## the tour of the modules, in a virtual machine (T=CHAPTER: that one)
	@scripts/demo.sh --list $(T) >/dev/null
	@$(MAKE) --no-print-directory vm-modules
	@scripts/vm.sh scripts/demo.sh $(T)

vm: vm-modules ## a root shell in that virtual machine
	@scripts/vm.sh

gdb: ## a debugger, at the beginning of a module's init (T=MODULE, default hello_world)
	@$(MAKE) --no-print-directory vm-modules
	@scripts/gdb.sh $(or $(T),hello_world)

debian: ## a shell in a whole Debian, in a virtual machine, with this checkout in its home
	@scripts/debian.sh --checkout

test: ## run the tests (T=NAME: those whose name has NAME in it)
	@scripts/test.sh $(T)

test-long: ## the tests that take minutes: storms, whole builds, a clone that has nothing (T=NAME)
	@scripts/test.sh --long $(T)

test-debian: ## the tests on a whole Debian, in a virtual machine (T=NAME: some of them)
	@scripts/test.sh --debian $(T)

test-sanitized: ## the tests on a kernel that looks for faults, and tests that make faults (builds it first: minutes)
	@scripts/test.sh --sanitized $(T)

test-all: ## all of these, and those that take too long for continuous integration: hours
	@failed=0; for part in test test-long test-debian test-sanitized test-longest test-mutants lint; do \
		$(MAKE) --no-print-directory $$part || failed=1; done; exit $$failed

test-longest: ## the tests that take many minutes: packages, in a Debian made for it (T=NAME)
	@scripts/test.sh --all $(T)

test-mutants: ## test the tests: do they notice small defects? (T=NAME: some of them; G=N: N made by rules; SEED=S: the same again)
	@$(if $(G),scripts/generated-mutants.sh $(if $(SEED),--seed $(SEED)) $(G),scripts/test-mutants.sh) $(T)

matrix: ## build and test for all of Debian's kernels (K=PART: some of them)
	@scripts/matrix.sh $(K)

bench: ## count what the modules cost, against the same in C (B=OPTIONS: see bench/bench.sh --help)
	@bench/bench.sh $(B)

lint: ## rustfmt, clippy, shellcheck, shfmt, spelling and style of text
	@scripts/sandbox.sh scripts/lint.sh

vm-modules: ## build the modules for the virtual machine's kernel, in the sandbox
	@kdir=$$(scripts/sandbox.sh scripts/rust-headers.sh) && scripts/sandbox.sh \
		make --no-print-directory modules KDIR=$$kdir $(foreach v,V CLIPPY TESTS,$(if $($(v)),$(v)=$($(v))))

clean: ## remove what building the modules has left
	@scripts/clean.sh

distclean: ## remove everything that was made, including the sandbox
	@scripts/clean.sh --all

help: ## this list
	@sed -n 's/^\([a-z_-]*\):[^#]*## /\1|/p' Makefile | while IFS='|' read -r target text; do \
		printf '  %-16s %s\n' "$$target" "$$text"; done

.PHONY: path modules modules_install rust-analyzer doc book demo vm gdb debian test test-long test-debian test-sanitized test-all test-longest \
	test-mutants matrix bench lint \
	vm-modules clean distclean help
