#!/usr/bin/env bash
# Can the fuzzers fail? The canary target has a planted fault, which has to be found from an empty corpus
# within a minute.
#
#   canary.sh <fuzz_canary>      exit code 0: found, 77: there is no fuzz build to try it with
set -euo pipefail
target=$1
seconds=60  # of CPU time: what else the machine does is not known
patience=240

if [[ ! -x $target ]]; then
  echo "SKIP: $target is missing; ./dev fuzz builds it, with clang"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
