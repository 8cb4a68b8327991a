#!/usr/bin/env bash
# The build for OSS-Fuzz, with both sanitizers, outside Docker: of the smallest target, which takes a minute
# or two, and of all where SYNFIN_OSSFUZZ_TESTS=1 asks for it, which takes a quarter of an hour.
set -euo pipefail
if [[ ${SYNFIN_OSSFUZZ_TESTS:-} != 1 ]]; then export SYNFIN_FUZZ_ONLY=wire; fi
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../fuzz/oss-fuzz/check.sh"
