#!/usr/bin/env bash
# AFL++ builds a target, runs it for some seconds, and sees its edges: the smallest one, or those that are named.
#
#   afl.sh [<target>...]      exit code: 0 all is well, 77 AFL++ is missing
set -euo pipefail
afl=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../fuzz/afl.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
targets=("$@")
if ((${#targets[@]} == 0)); then targets=(wire); fi
for target in "${targets[@]}"; do
  code=0
  "$afl" "$target" 10 >"$log" || code=$?
  if ((code != 0)); then
    cat "$log"
    exit "$code"
  fi
  awk -v target="$target" -F ': ' '
    { told[$1] = $2 }
    END {
      printf "%s: %d edges, %d inputs played, %d kept\n", target, told["edges_found"], told["execs_done"],
        told["corpus_count"]
      exit told["edges_found"] < 100 || told["corpus_count"] < 2
    }' "$log"
done
