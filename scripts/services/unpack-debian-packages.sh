#!/bin/bash
# Downloads Debian packages with all that they need and this machine lacks, and unpacks them into a folder. Needs no root.
#
#   unpack-debian-packages.sh CACHE ROOT PACKAGE...
#
# Downloads stay in CACHE/archives. ROOT/.complete says that ROOT is whole: without it a later run starts ROOT anew.
set -euo pipefail
cache=$1 root=$2
shift 2
if [ -e "$root/.complete" ]; then exit 0; fi
mkdir -p "$cache/archives/partial" "$cache/lists/partial"
# Hooks of the system (some remove its downloads after an update) are not for a private cache.
cat >"$cache/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Cache "$cache";
Dir::Cache::archives "$cache/archives";
Debug::NoLocking "true";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
Acquire::Retries "3";
CONF
apt() { apt-get -c "$cache/apt.conf" -qq "$@"; }
own_lists=(-o "Dir::State::lists=$cache/lists")

# The machine's own package lists first; where there are none, or they are too old to download from, fresh ones beside them.
download() { apt "$@" -y --download-only install "${packages[@]}"; }
needed() { apt "$@" -y --print-uris install "${packages[@]}" | awk '{ print $2 }'; }
packages=("$@")
if download >"$cache/apt.out" 2>&1; then
  lists=()
else
  apt "${own_lists[@]}" update >&2 || { echo "apt-get update failed: is there a network?" >&2; exit 1; }
  download "${own_lists[@]}" >&2 || { echo "apt-get could not download $*" >&2; exit 1; }
  lists=("${own_lists[@]}")
fi

rm -rf "$root"
mkdir -p "$root"
# What is downloaded is no longer listed with a URI, so the plan is asked of an empty archive folder.
mkdir -p "$cache/none/partial"
needed "${lists[@]}" -o "Dir::Cache::archives=$cache/none" | while read -r file; do
  dpkg-deb -x "$cache/archives/$file" "$root"
done
# Debian's erl knows only the folder it is installed in.
erl=$root/usr/lib/erlang/bin/erl
if [ -e "$erl" ]; then sed -i "s|=/usr/lib/erlang\$|=$root/usr/lib/erlang|" "$erl"; fi
touch "$root/.complete"
