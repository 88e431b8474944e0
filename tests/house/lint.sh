#!/usr/bin/env bash
# The checks of `./dev lint`, which installs the tools and builds first.
# Usage: tests/house/lint.sh BUILD_DIR [--changed] [--fix] [--no-tidy]
# shellcheck disable=SC2317 # the checks are called by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=$1
shift
changed=no
fix=no
tidy=yes
failed=0
for option in "$@"; do
    case $option in
        --changed) changed=yes ;;
        --fix) fix=yes ;;
        --no-tidy) tidy=no ;;
        *)
            echo "lint: unknown option '$option'; see ./dev --help" >&2
            exit 1
            ;;
    esac
done

check() { # check NAME COMMAND...
    local name=$1
    shift
    if "$@"; then
        echo "$name: ok"
    else
        echo "$name: FAILED"
        failed=1
    fi
}

repository() { git -c safe.directory='*' "$@"; }

existing() { # of the names on standard input, those that are files
    local file
    while read -r file; do
        [[ ! -f $file ]] || echo "$file"
    done
}

format_is_right() {
    local version sources
    mapfile -t sources < <(repository ls-files -- '*.cpp' '*.hpp' | existing)
    version=$(clang-format --version | sed -E 's/.*version ([0-9]+).*/\1/')
    if [[ $version != 14 ]]; then
        echo "clang-format $version formats unlike 14, which is the reference: not checked"
    elif [[ $fix == yes ]]; then
        clang-format -i "${sources[@]}"
    else
        clang-format --dry-run -Werror "${sources[@]}"
    fi
}

documents_match() {
    local options=()
    [[ $fix == no ]] || options=(--fix)
    /usr/bin/python3 -B tests/house/generated_documents.py "$build/modax" "${options[@]}"
}

compiled_sources() { # all that this build compiles from src and tests, or only what is not committed
    if [[ $changed == yes ]]; then
        repository diff --name-only HEAD -- '*.cpp'
        repository ls-files --others --exclude-standard -- '*.cpp'
    else
        repository ls-files -- 'src/*.cpp' 'tests/*.cpp'
    fi | existing | sort -u | while read -r file; do
        ! grep -qF "$PWD/$file\"" "$build/compile_commands.json" || echo "$file"
    done
}

tidy_is_content() {
    local list=$build/tidy.txt
    compiled_sources >"$list"
    xargs -r -a "$list" -P "${MODAX_JOBS:-1}" -n 1 clang-tidy -p "$build" --quiet 2>/dev/null
}

check clang-format format_is_right
check shellcheck shellcheck dev .ci/run tests/house/lint.sh
check "module direction" /usr/bin/python3 -B tests/house/module_direction.py
check "tracked files" /usr/bin/python3 -B tests/house/repository_rules.py
check "generated documents" documents_match
[[ $tidy == no ]] || check clang-tidy tidy_is_content
exit "$failed"
