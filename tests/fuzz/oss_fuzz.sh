#!/usr/bin/env bash
# The build for OSS-Fuzz, with both sanitizers, outside Docker.
set -euo pipefail
if [[ ${SYNFIN_OSSFUZZ_TESTS:-} != 1 ]]; then
  echo "SKIP: builds everything twice with clang; SYNFIN_OSSFUZZ_TESTS=1 runs it"
  exit 77
fi
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../fuzz/oss-fuzz/check.sh"
