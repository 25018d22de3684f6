#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds and installs kselftests by the makefiles of the base, to build/kselftest/: ours in
# kexec-arm64, those of the base's folder kexec, whose makefile knows no arm64, in kexec-base.
# The QEMU cases kselftest-* run them.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dest=$build/kselftest
log=$log_dir/kselftest.log

# install_tests SRC TARGET ARCH FOLDER
install_tests() {
	make -C "$1/tools/testing/selftests" TARGETS="$2" ARCH="$3" \
		CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc \
		O="$dest/obj" KSFT_INSTALL_PATH="$dest/$4" FORCE_TARGETS=1 \
		install >>"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "kselftest: $2: not installed, see ${log#"$top"/}"
	}
}

"$top/scripts/prepare.sh" --pristine >/dev/null
kernel_env
rm -rf "$dest"
mkdir -p "$dest/obj" "$log_dir"
: >"$log"
install_tests "$src_ours" kexec-arm64 arm64 kexec-arm64
install_tests "$src_base" kexec x86 kexec-base
cp "$build/out/4k/.config" "$dest/kexec-base/config-4k"
rm -rf "$dest/obj"
