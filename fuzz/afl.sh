#!/usr/bin/env bash
# The fuzz targets under AFL++ (Debian: afl++ clang-16): builds one with AFL++'s driver and runs it. Debian's
# afl-clang-fast is clang 14, which C++20 is too new for; clang 16 instruments by itself.
#
#   fuzz/afl.sh TARGET [SECONDS]      fuzz/afl.sh wire 60
#
# What it finds is in build/afl/findings/TARGET; `build/afl/fuzz_TARGET FILE` repeats an input.
# Exit code: 0 it ran and found no crash, 1 a crash, 77 a tool is missing.
set -euo pipefail
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
cd "$root"
target=${1:?usage: fuzz/afl.sh TARGET [SECONDS]}
seconds=${2:-60}
build=build/afl
findings=$build/findings/$target

for tool in afl-fuzz clang++-16 cmake ninja; do
  command -v "$tool" >/dev/null || {
    echo "SKIP: $tool is missing (apt-get install afl++ clang-16 ninja-build)"
    exit 77
  }
done

driver=/usr/lib/afl
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_COMPILER=clang++-16 \
  '-DCMAKE_CXX_FLAGS=-O1 -g1 -fsanitize-coverage=trace-pc-guard' -DSYNFIN_FUZZ=ON \
  "-DSYNFIN_FUZZ_ENGINE=$driver/libAFLDriver.a" \
  "-DCMAKE_EXE_LINKER_FLAGS=$driver/afl-compiler-rt-64.o" -DBUILD_TESTING=OFF -DSYNFIN_BENCH=OFF >/dev/null
cmake --build "$build" --target "fuzz_$target"

takes_programs=
if grep -q '"fuzz/common/' "fuzz/$target.cc"; then takes_programs=1; fi
seeds=$build/seeds/$target
rm -rf "$seeds"
mkdir -p "$seeds"
if [[ $target == script ]]; then
  cp corpus/seeds/*.pkt "$seeds/"
elif [[ $takes_programs ]]; then
  cmake --build "$build" --target synfin_seeds synfin_afl_mutator
  "$build/synfin_seeds" programs "$seeds" corpus/seeds
else
  cp "corpus/fuzz/$target"/* "$seeds/"
fi

options=(-i "$seeds" -o "$findings" -V "$seconds" -m none)
if [[ -f fuzz/$target.dict ]]; then options+=(-x "fuzz/$target.dict"); fi
if [[ $takes_programs ]]; then export AFL_CUSTOM_MUTATOR_LIBRARY=$PWD/$build/libsynfin_afl_mutator.so; fi
rm -rf "$findings"
mkdir -p "${findings%/*}"
AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
  afl-fuzz "${options[@]}" -- "$build/fuzz_$target" >"$build/$target.log" || {
  tail -n 20 "$build/$target.log"
  exit 1
}
awk -F ' *: *' '/^(execs_done|execs_per_sec|corpus_count|saved_crashes|edges_found)/ { print $1 ": " $2 }' \
  "$findings/default/fuzzer_stats"
crashes=$(find "$findings/default/crashes" -name 'id*' | wc -l)
if ((crashes > 0)); then
  echo "$crashes crashes in $findings/default/crashes"
  exit 1
fi
