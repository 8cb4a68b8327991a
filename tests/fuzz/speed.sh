#!/usr/bin/env bash
# How fast does diff_lwip go, beside a bare lwIP target in the same run? Both by the CPU time that they use, with
# the same mutator and at some 8 segments a program.
#
#   speed.sh [<folder of the fuzz build>] [<inputs>]      default: build/fuzz, 100000
set -euo pipefail
build=${1:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../build/fuzz}
inputs=${2:-100000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run <name> <target> [option...]: prints inputs a second of CPU time, up to the first crash.
run() {
  local name=$1 log=$work/$1 used
  shift
  TIMEFORMAT='%U %S'
  used=$({ time "$@" -runs="$inputs" -seed=1 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
    -artifact_prefix="$work/" > "$log" 2>&1 || true; } 2>&1)
  local played
  played=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  awk -v name="$name" -v played="${played:-0}" -v used="$used" 'BEGIN {
    split(used, part, " "); printf "%s %d %.0f\n", name, played, played / (part[1] + part[2]) }'
  grep -a '^synfin: [0-9]* programs' "$log" >&2 || true
}

bare=$(run bare_lwip "$build/bare_lwip" -max_len=500 -entropic=0 -detect_leaks=0)
judged=$(run diff_lwip "$build/fuzz_diff_lwip" -max_len=500 -entropic=0 -detect_leaks=0)
printf '%s\n%s\n' "$bare" "$judged" | awk '
  { printf "%-10s %8d inputs, %8d a second\n", $1, $2, $3; rate[NR] = $3 }
  END { printf "diff_lwip has %.2f of the rate of the bare target\n", rate[2] / rate[1] }'
