#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads arm64 packages that a Debian machine is to install later, with the packages
# that they need and its disk does not have.
#
#	debian-packages.sh SUITE DISK FOLDER PACKAGE...
#
# SUITE is the release of the packages, DISK is made by debian-guest.sh. The packages are
# in FOLDER, which is kept while the arguments are the same.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 4 ] || die "usage: debian-packages.sh SUITE DISK FOLDER PACKAGE..."
suite=$1
disk=$(readlink -f "$2")
folder=$(realpath -m "$3")
shift 3
# Of the root file system, see debian-guest.sh
offset=$(((1 + 256) << 20))
log=$log_dir/debian-packages.log
key=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=http://deb.debian.org/debian
release=$(basename "$disk" | sed 's/-.*//')
stamp="$suite $(basename "$disk") $*"
state=$folder/apt

# apt ARG...: with the state of the disk instead of that of this host.
apt() {
	apt-get -q -o Dir::State="$state" -o Dir::State::status="$state/status" \
		-o Dir::Cache="$state" -o Dir::Etc::sourcelist="$state/sources" \
		-o Dir::Etc::sourceparts=/dev/null -o APT::Architecture=arm64 \
		-o APT::Architectures=arm64 -o Acquire::Check-Valid-Until=false "$@" >>"$log" 2>&1
}

[ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
say "${folder#"$top"/}: $* of $suite"
rm -rf "$folder"
mkdir -p "$state"/{lists,archives}/partial "$log_dir"
debugfs -R "dump /var/lib/dpkg/status $state/status" "$disk?offset=$offset" >"$log" 2>&1
[ -s "$state/status" ] || die "$disk: no packages (remove it: debian-guest.sh makes it anew)"
printf "deb [signed-by=$key] $mirror %s main\n" "$suite" "$release" >"$state/sources"
{ apt update && apt -y --no-install-recommends -t "$suite" --download-only install "$@"; } || {
	tail -n 5 "$log" >&2
	die "$*: no packages of $suite can be fetched (network, ${log#"$top"/})"
}
mv "$state"/archives/*.deb "$folder"
rm -rf "$state"
echo "$stamp" >"$folder/stamp"
