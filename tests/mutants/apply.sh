#!/usr/bin/env bash
# Whether every patch still applies to the engine as it is: most are made into mutants only by
# `./dev mutants`, and would go stale without a word.
#
#   apply.sh <source directory>
set -euo pipefail
cd "$1"
stale=0
for patch in tests/mutants/*.patch; do
  file=$(sed -n 's|^+++ b/\(engine/[a-z_0-9]*\.cc\).*|\1|p' "$patch")
  if ! patch --dry-run --silent --fuzz=2 "$file" < "$patch" > /dev/null; then
    echo "$patch does not apply: make it anew" >&2
    stale=1
  fi
done
exit "$stale"
