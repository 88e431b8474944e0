#!/usr/bin/env bash
# open62541 comes from a newer Debian, pinned so that nothing else does (docs/adr/0008). Usage:
#     add_newer_debian.sh 12|13
# as root or with sudo. Changes nothing when sources and pins are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

release=${1:?name the release, 12 or 13}
sources=/etc/apt/sources.list.d/modax.sources
pins=/etc/apt/preferences.d/modax
as_root=()
((EUID == 0)) || as_root=(sudo)
if [[ -e $sources && -e $pins ]]; then exit 0; fi

# The mirror this machine uses for its own release, whatever that is.
# shellcheck disable=SC2016 # apt-get fills in the name
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -E '/debian/?$' | head -n 1) || true
if [[ -z $mirror ]]; then # no index was ever loaded: what the sources say
    mirror=$(sed -nE 's/^(URIs:|deb)( +\[[^]]*\])? +([^ ]*\/debian)\/?( .*)?$/\3/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1) || true
fi
if [[ -z $mirror ]]; then
    printf '%s\n' "no Debian mirror is set up on this machine, so open62541 can't be installed:" \
        "    fill in packaging/apt/modax.sources.in, and put it into /etc/apt/sources.list.d/" >&2
    exit 1
fi
printf '==> %s\n' "taking open62541, and only that, from a newer Debian: $sources, $pins" >&2
# The pins first: without them the next upgrade would be one of the whole system.
"${as_root[@]}" install -m 644 "modax-$release.pref" "$pins"
suites="trixie forky"
[[ $release == 12 ]] || suites=forky # 13 is trixie
sed "/^URIs:/s,@MIRROR@,${mirror%/},; /^Suites:/s/trixie forky/$suites/" modax.sources.in |
    "${as_root[@]}" tee "$sources" >/dev/null
"${as_root[@]}" chmod 644 "$sources"
