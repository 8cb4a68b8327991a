#!/usr/bin/env bash
# Is what goes wrong in an lwIP found? Plants one fault after another (plants/*.patch) in a copy of an lwIP
# source tree, builds synfin with it under ASan and UBSan, and has each found: crashes, what sanitizers see,
# hangs and wrong answers, by cases, the atlas or a fuzzer. The tree as it is has to show none of them.
#
#   plants.sh <lwIP source> [<plant>...]      plants.sh ~/src/lwip no-end-in-syn-sent
#
# The first line of a plant says what is wrong, the second what finds it: `run CASES`, `atlas SET-UP`, `fuzz`
# (synfin fuzz) or `libfuzzer` (fuzz_diff_lwip), and the third what is then told, as a regular expression.
# SYNFIN_PLANTS_DIR: where the build is kept for the next time (default build/plants).
# Exit code: 0 all were found, 1 not all, or one where none was planted, 77 a tool is missing.
set -euo pipefail
source=$(readlink -f "${1:?usage: plants.sh <lwIP source> [<plant>...]}")
shift
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(readlink -f "$here/../..")
build=${SYNFIN_PLANTS_DIR:-$root/build/plants}
seconds=30  # for a fuzzer
# To find the lines of a report in a program of such a size takes a second each time.
export ASAN_OPTIONS=symbolize=0

for tool in clang++-16 cmake ninja patch; do
  command -v "$tool" >/dev/null || {
    echo "SKIP: $tool is missing"
    exit 77
  }
done
plants=("$@")
if ((${#plants[@]} == 0)); then
  for file in "$here"/plants/*.patch; do plants+=("$(basename "$file" .patch)"); done
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tree as it is, with the line ends of Unix, which the patches have.
mkdir -p "$build/lwip"
cp -r "$source" "$work/clean"
find "$work/clean/src" -name '*.c' -exec sed -i 's/\r$//' {} +

# build_with TREE: touches only the files in which it differs from the last one.
build_with() {
  local file
  (cd "$1" && find . -type f) | while IFS= read -r file; do
    cmp -s "$1/$file" "$build/lwip/$file" || install -D -m 644 "$1/$file" "$build/lwip/$file"
  done
  {
    # One that is there already may be of another tree.
    (cd "$root" && cmake --preset fuzz -B "$build" "-DSYNFIN_LWIP_SOURCE=$build/lwip")
    cmake --build "$build" --target synfin fuzz_diff_lwip
  } >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log"
    exit 1
  }
}

# Sets `how` and `shows` to what the patch says.
read_plant() {
  how=$(sed -n 2p "$here/plants/$1.patch")
  shows=$(sed -n 3p "$here/plants/$1.patch")
}

# look HOW: prints all that is told.
look() {
  local by=${1%% *} what=${1#* }
  rm -rf "$work/found" "$work/atlas" "$work/corpus"
  case $by in
    run) "$build/synfin" run "$what" --stack lwip ;;
    atlas)
      "$build/synfin" atlas --stack lwip --state "$what" --out "$work/atlas" &&
        "$build/synfin" atlas judge "$work/atlas" -v
      ;;
    fuzz)
      "$build/synfin" fuzz --stack lwip --for "${seconds}s" --out "$work/found"
      cat "$work"/found/*.pkt
      ;;
    libfuzzer)
      mkdir "$work/corpus"
      (cd "$work" && "$build/fuzz_diff_lwip" -max_total_time="$seconds" -max_len=16384 -entropic=0 \
        -seed=1 -print_funcs=0 corpus "$root/corpus/fuzz/diff_lwip")
      ;;
  esac 2>&1 || true
}

status=0
build_with "$work/clean"
for plant in "${plants[@]}"; do
  read_plant "$plant"
  log=$work/clean-${how//[^a-z]/-}.log
  [[ -f $log ]] || look "$how" >"$log"
  if line=$(grep -a -m 1 -E "$shows" "$log"); then
    echo "$plant: nothing is planted, and yet: $line"
    status=1
  fi
done
for plant in "${plants[@]}"; do
  rm -rf "$work/planted"
  cp -r "$work/clean" "$work/planted"
  patch -d "$work/planted" -p1 --quiet <"$here/plants/$plant.patch"
  build_with "$work/planted"
  read_plant "$plant"
  began=$SECONDS
  look "$how" >"$work/log"
  line=$(grep -a -m 1 -E "$shows" "$work/log") || line='NOT FOUND'
  printf '%-32s %-28s %4d s  %s\n' "$plant" "$how" $((SECONDS - began)) "${line:0:100}"
  if [[ $line == 'NOT FOUND' ]]; then
    cp "$work/log" "$build/$plant.log"
    status=1
  fi
done
exit "$status"
