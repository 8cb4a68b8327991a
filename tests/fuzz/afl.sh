#!/usr/bin/env bash
# AFL++ builds a target, runs it for some seconds, and sees its edges: the smallest one, or those that are named.
# None crashes but the canary, whose planted fault has to be found within a minute.
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
  wanted=0
  seconds=10
  if [[ $target == canary ]]; then
    wanted=1
    seconds=60
  fi
  "$afl" "$target" "$seconds" >"$log" || code=$?
  if ((code == 77)); then
    cat "$log"
    exit 77
  elif ((code != wanted)); then
    cat "$log"
    echo "$target: exit code $code, and $wanted was to be"
    exit 1
  fi
  awk -v target="$target" -F ': ' '
    { told[$1] = $2 }
    END {
      printf "%s: %d edges, %d inputs played, %d kept\n", target, told["edges_found"], told["execs_done"],
        told["corpus_count"]
      exit told["edges_found"] < 100 || told["corpus_count"] < 2
    }' "$log"
done
