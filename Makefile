# SPDX-License-Identifier: GPL-2.0-only
#
# The project's commands. Not a kbuild makefile: scripts/prepare.sh copies the sources
# over the base.

SHELL := /bin/bash
VARIANT ?= 4k
DEBCONFIG ?= generic

.PHONY: help run test test-quick prove fuzz mutants coverage bench compare check matrix kernel \
	deb debian series clean distclean

help:
	@echo 'make run          build a kernel, show a kexec, a panic and the saved dump'
	@echo 'make test         all tests: host, kernels of every page size, QEMU, static checks'
	@echo 'make test-quick   the 4k kernel and the quick QEMU cases only'
	@echo 'make prove        all tests and the long forms of them'
	@echo 'make fuzz         libFuzzer on the parsers and on the placement, FUZZ_SECONDS=35 each'
	@echo 'make mutants      change instructions, operators and checks; a test must notice each'
	@echo 'make coverage     lines and branches that the host simulator runs: coverage.rst'
	@echo 'make bench        measure both kernels: a table, and a chart in build/bench/'
	@echo 'make compare      run the cases of hotplug and reservations on both kernels'
	@echo 'make check        static checks: checkpatch, warnings, sparse, shellcheck, ...'
	@echo 'make matrix       compile our folders in configurations that no guest kernel has'
	@echo 'make kernel       build the kernel VARIANT=4k (4k-va39, 4k-va52, 16k, 64k, devices, nocontig, kcsan, demo, base)'
	@echo 'make deb          packages for arm64 Debian, DEBCONFIG=generic (cloud, small)'
	@echo 'make debian       install the small package in Debian 12 and 13 guests: kexec, kdump'
	@echo 'make series       the patch series for git am, in build/series/; builds and boots each step'
	@echo 'make clean        remove build/ except for the compiler cache'
	@echo 'make distclean    remove build/'
	@echo
	@echo 'Each command installs the Debian packages that it requires (scripts/deps.sh, as'
	@echo 'root) and rebuilds only changed files. Logs: build/log/.'

run:
	@scripts/run.sh

test:
	@scripts/test.sh

test-quick:
	@scripts/test.sh --quick

prove:
	@scripts/test.sh --prove

fuzz:
	@scripts/deps.sh
	@scripts/prepare.sh
	@tools/testing/kexec/fuzz/run.py --self-test
	@tools/testing/kexec/fuzz/run.py --seconds $(or $(FUZZ_SECONDS),35)

mutants:
	@scripts/mutants.sh

coverage:
	@scripts/deps.sh
	@scripts/prepare.sh
	@scripts/coverage.py --write

bench:
	@scripts/bench.sh

compare:
	@scripts/compare.sh

check:
	@scripts/deps.sh
	@scripts/check.sh

matrix:
	@scripts/deps.sh
	@scripts/prepare.sh
	@scripts/matrix.sh

kernel:
	@scripts/deps.sh
	@scripts/prepare.sh $(if $(filter base,$(VARIANT)),--pristine)
	@scripts/build-kernel.sh $(VARIANT)

deb:
	@scripts/deps.sh deb
	@scripts/prepare.sh
	@scripts/deb.sh $(DEBCONFIG)

debian:
	@scripts/debian.sh $(MACHINES)

series:
	@scripts/deps.sh
	@scripts/series.sh --build

clean:
	rm -rf build/out build/src build/log build/host build/fuzz build/check build/series build/rootfs build/stock build/packages build/bench build/coherency build/coverage build/mutants build/prove

distclean:
	rm -rf build
