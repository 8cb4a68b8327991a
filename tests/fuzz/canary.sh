#!/usr/bin/env bash
# Can the fuzzers fail? The canary target has a planted fault, which has to be found from an empty corpus
# within a minute. It has a build of its own, as quickly made as can be (build/canary).
#
#   canary.sh [<fuzz_canary>]    exit code 0: found, 77: there is no clang to build it with
set -euo pipefail
root=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
build=$root/build/canary
target=${1:-$build/fuzz_canary}
seconds=60  # of CPU time: what else the machine does is not known
patience=240

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if (($# == 0)); then
  command -v clang++-16 >/dev/null || {
    echo "SKIP: clang++-16 is missing: apt-get install clang-16 libclang-rt-16-dev"
    exit 77
  }
  (cd "$root" && cmake --preset fuzz -B "$build" -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_UNITY_BUILD_BATCH_SIZE=6 && cmake --build "$build" --target fuzz_canary) >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log"
    exit 1
  }
fi
code=0
(ulimit -t $seconds && exec "$target" -max_total_time=$patience -max_len=16384 -entropic=0 \
  -print_funcs=0 -seed=1 -verbosity=0 -artifact_prefix="$work/" > "$work/log" 2>&1) || code=$?
if ((code == 0)) || ! grep -q '^synfin: the canary' "$work/log"; then
  tail -20 "$work/log"
  echo "the planted fault was not found in $seconds s (exit code $code)"
  exit 1
fi
# The crash file alone shows it again.
if "$target" "$work"/crash-* > "$work/again" 2>&1 || ! grep -q '^synfin: the canary' "$work/again"; then
  echo "the crash file does not show the fault again"
  exit 1
fi
grep '^synfin: ' "$work/log"
