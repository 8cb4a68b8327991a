#!/usr/bin/env bash
# Runs build.sh outside Docker with the environment that OSS-Fuzz gives it, and looks at each target as its
# check of builds does: it starts where nothing but /tmp can be written and /dev is empty, has enough
# instrumented edges and the right sanitizer, takes its options, dictionary and seeds.
#
#   check.sh [address|undefined]...        both when none is named
#
# SYNFIN_OSSFUZZ_DIR: where builds are kept for the next time (default build/oss-fuzz).
# Exit code: 0 all is well, 1 something is not, 77 a tool is missing.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(readlink -f "$here/../..")
base=${SYNFIN_OSSFUZZ_DIR:-$root/build/oss-fuzz}
least_edges=100

for tool in clang++-16 cmake ninja zip unzip; do
  command -v "$tool" >/dev/null || {
    echo "SKIP: $tool is missing"
    exit 77
  }
done

flags_of() {
  local common='-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
  case $1 in
    address) echo "$common -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link" ;;
    undefined)
      echo "$common -fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr" \
        "-fno-sanitize-recover=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr" \
        "-fsanitize=fuzzer-no-link"
      ;;
    *)
      echo "check.sh: no such sanitizer: $1" >&2
      return 1
      ;;
  esac
}

build() {
  local dir=$1 flags=$2
  mkdir -p "$dir/src" "$dir/work" "$dir/out"
  ln -sfn "$root" "$dir/src/synfin"
  # Empty, but for the build that is kept.
  find "$dir/out" -mindepth 1 -delete
  env SRC="$dir/src" WORK="$dir/work" OUT="$dir/out" CC=clang-16 CXX=clang++-16 CFLAGS="$flags" CXXFLAGS="$flags" \
    LIB_FUZZING_ENGINE=-fsanitize=fuzzer FUZZING_LANGUAGE=c++ nice "$here/build.sh"
}

# Runs a command with an empty /dev and everything but /tmp read only, where this machine lets us.
confined() {
  local prepare='mount --make-rprivate / && mount -o remount,bind,ro / && mount -t tmpfs none /dev && mount -t tmpfs none /tmp'
  if unshare -rm sh -c "$prepare" 2>/dev/null; then
    unshare -rm sh -c "mount --bind '$1' /mnt && $prepare && cd /tmp && shift && exec \"\$@\"" sh "$@"
  else
    echo "check.sh: this machine does not let us hide /dev" >&2
    (cd /tmp && shift && "$@")
  fi
}

# has TARGET SYMBOL: whether its code refers to it.
has() {
  nm "$1" | awk -v symbol="$2" 'index($0, symbol) { found = 1 } END { exit !found }'
}

# check TARGET SANITIZER OUT: prints what is wrong; nothing when all is well.
check() {
  local target=$1 sanitizer=$2 out=$3 log edges seeds
  log=$(mktemp)
  seeds=$(mktemp -d)
  if ! confined "$out" env -i PATH=/usr/bin:/bin UBSAN_OPTIONS=silence_unsigned_overflow=1 "/mnt/$target" -runs=4 -rss_limit_mb=2560 >"$log" 2>&1; then
    echo "does not start: $(tail -n 3 "$log")"
  fi
  edges=$(sed -n 's/^INFO: Loaded [0-9]* modules* *(\([0-9]*\) inline.*/\1/p' "$log" | head -n 1)
  if ((${edges:-0} < least_edges)); then echo "has ${edges:-0} instrumented edges, fewer than $least_edges"; fi
  case $sanitizer in
    address) has "$out/$target" __asan_report || echo "is not built with AddressSanitizer" ;;
    undefined)
      has "$out/$target" __ubsan_handle || echo "is not built with UndefinedBehaviorSanitizer"
      if has "$out/$target" __asan_report; then echo "is built with AddressSanitizer, too"; fi
      ;;
  esac
  if [[ -f $out/${target}_seed_corpus.zip ]]; then
    unzip -q -j -o "$out/${target}_seed_corpus.zip" -d "$seeds"
    local options=(-runs=0 -timeout=25)
    if [[ -f $out/$target.dict ]]; then options+=("-dict=$out/$target.dict"); fi
    (cd "$out" && UBSAN_OPTIONS=silence_unsigned_overflow=1 "./$target" "${options[@]}" "-artifact_prefix=$seeds/" "$seeds" >"$log" 2>&1) ||
      echo "fails on its seeds: $(grep -m 1 -E '^synfin: |ERROR: |runtime error: ' "$log" || tail -n 3 "$log")"
  fi
  if [[ -f $out/$target.options ]] && ! grep -q '^\[libfuzzer\]$' "$out/$target.options"; then
    echo "has options without a section [libfuzzer]"
  fi
  echo "$edges edges, $(find "$seeds" -type f | wc -l) seeds" >&3
  rm -rf "$log" "$seeds"
}

status=0
sanitizers=("$@")
if ((${#sanitizers[@]} == 0)); then sanitizers=(address undefined); fi
for sanitizer in "${sanitizers[@]}"; do
  flags=$(flags_of "$sanitizer")
  out=$base/$sanitizer/out
  echo "== $sanitizer"
  build "$base/$sanitizer" "$flags"
  for file in "$out"/fuzz_*; do
    target=$(basename "$file")
    if [[ ! -x $file || $target == *.* ]]; then continue; fi
    wrong=$(check "$target" "$sanitizer" "$out" 3>"$base/$sanitizer/told")
    echo "$target: $(cat "$base/$sanitizer/told")"
    if [[ $wrong ]]; then
      echo "$wrong" | sed "s/^/$target /"
      status=1
    fi
  done
done
exit "$status"
