#!/usr/bin/env bash
# Does the fuzzer find wrong engines by itself? Each is played by fuzz_diff_reference, from an empty corpus,
# and has to part from the rules within a minute of CPU time. Prints a line each: mutant, broken rule,
# seconds, what was found.
#
#   fuzz.sh <config> <fuzz_diff_reference> [<mutant>...]     exit code 0: all were found
#
# <config> is what run.sh takes.
set -euo pipefail
config=$1
target=$2
shift 2
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
limit=60
TIMEFORMAT=%U
mutants=("$@")
if ((${#mutants[@]} == 0)); then
  # Such as cases catch as well: CLOSED, LISTEN, SYN-SENT, acceptance, RST, SYN, ACK, user calls.
  mutants=(02-closed-reset-acks-too-little 03-reset-without-seg-ack 04-listen-ignores-ack
    05-syn-sent-takes-ack-of-iss 10-old-edge-not-acceptable 11-unacceptable-without-ack
    13-reset-exact-is-challenged 16-syn-without-challenge 20-old-segment-updates-window
    38-abort-without-reset)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=0
printf '%-36s %-16s %7s  %s\n' mutant 'broken rule' seconds found
for name in "${mutants[@]}"; do
  patch=$here/$name.patch
  rule=$(sed -n '1s/^\([A-Z][A-Za-z0-9.-]*\): .*/\1/p' "$patch")
  "$here/run.sh" "$config" "$patch" "$work/engine.so"
  # By its CPU time: what else the machine does is not known.
  took=$({ time { (ulimit -t $limit && SYNFIN_FUZZ_ENGINE=$work/engine.so exec "$target" \
    -max_total_time=$((10 * limit)) -max_len=16384 -entropic=0 -seed=1 -verbosity=0 -print_funcs=0 \
    -artifact_prefix="$work/" > "$work/log" 2>&1) || true; }; } 2>&1 | tail -1)
  what=$(grep -m 1 -a '^synfin: .* in .* after ' "$work/log" | sed 's/^synfin: //; s/ after .*//' || true)
  printf '%-36s %-16s %7s  %s\n' "$name" "$rule" "$took" "${what:-NOT FOUND}"
  if [[ $what ]]; then ((found += 1)); fi
done
echo "$found of ${#mutants[@]} found"
((found == ${#mutants[@]}))
