#!/usr/bin/env bash
# Faults planted in a kernel's TCP, and what of synfin finds each: kernels are built from a copy of Debian's
# linux-source-6.12 with one patch of plants/ at a time. It takes a quarter of an hour, and 5 GB of disk.
#
#   tests/kernel/plants.sh SYNFIN [NAME...]
#
# SYNFIN_KERNEL_TESTS=1 has to be set; PLANTS_FOLDER is where tree and kernels are kept (default: a folder that goes).
set -euo pipefail

if [[ "${SYNFIN_KERNEL_TESTS:-}" != 1 ]]; then
  echo "SKIP: SYNFIN_KERNEL_TESTS=1 has kernels built with planted faults"
  exit 77
fi
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
synfin="$(readlink -f "$1")"
shift
limit=300 # seconds in which each has to be found
folder="${PLANTS_FOLDER:-$(mktemp -d)}"
applied=""
clean_up() {
  [[ -z "$applied" ]] || patch --quiet --directory "$tree" -p1 --reverse --input "$applied"
  [[ -n "${PLANTS_FOLDER:-}" ]] || rm -rf "$folder"
}
trap clean_up EXIT
export SYNFIN_SPECS="$here/../../specs"

tree="$folder/tree"
if [[ ! -e "$tree/Makefile" ]]; then
  package=/usr/src/linux-source-6.12.tar.xz
  [[ -e "$package" ]] || { echo "SKIP: there is no $package: apt-get install linux-source-6.12"; exit 77; }
  mkdir -p "$tree"
  tar --strip-components=1 -C "$tree" -xf "$package"
fi

build() { # [--kasan]; prints the kernel's name
  "$synfin" kernel build --source "$tree" --name plant --kernel-cache "$folder/kernels" "$@" |
    sed -n 's/.*--kernel //p'
}

on_kernel() { # COMMAND...: within the limit, and what it says in a file
  timeout "$limit" "$synfin" "$@" --stack linux --kernel "$kernel" --kernel-cache "$folder/kernels" >"$folder/says" 2>&1
}

# Each prints what it found and fails where it found nothing.
by_run() { # CASES
  local code=0
  on_kernel run "$1" || code=$?
  ((code == 1)) || return 1
  grep -m1 '^FAIL ' "$folder/says"
}

by_atlas() { # SET-UP: known deviations aside
  on_kernel atlas --state "$1" --out "$folder/atlas" || return 1
  local code=0
  "$synfin" atlas judge "$folder/atlas" >"$folder/says" 2>&1 || code=$?
  ((code == 1)) || return 1
  head -1 "$folder/says"
}

by_fuzz() { # for as long as there is no panic, which is kept with its program and the kernel's log
  rm -rf "$folder/found"
  "$synfin" fuzz --stack linux --kernel "$kernel" --kernel-cache "$folder/kernels" --for "${limit}s" \
    --out "$folder/found" >"$folder/says" 2>&1 &
  local search=$! at=0
  while ((at < limit)) && ! grep -q '^PANIC' "$folder/says" && kill -0 "$search" 2>/dev/null; do
    sleep 1
    at=$((at + 1))
  done
  goes_on "$search" || { kill "$search" 2>/dev/null || true; wait "$search" || true; return 1; }
  kill "$search" 2>/dev/null || true
  wait "$search" || true
  local script
  script="$(ls "$folder"/found/panic-*.pkt | head -1)"
  [[ -s "$script" && -s "${script%.pkt}.txt" ]] || return 1
  grep -q 'Kernel panic\|KASAN' "${script%.pkt}.txt" || return 1
  # The program that was saved panics the kernel again.
  on_kernel replay "$script" && return 1
  grep -q panicked "$folder/says" || return 1
  sed -n '1s/^\/\/ //p' "$script"
}

goes_on() { # the search, after a panic, with the corpus that it had
  local before
  grep -q '^PANIC' "$folder/says" || return 1
  before=$(ls "$folder/found/corpus" | wc -l)
  for _ in $(seq 60); do
    kill -0 "$1" 2>/dev/null || return 1
    (($(ls "$folder/found/corpus" | wc -l) > before)) && return 0
    sleep 1
  done
  return 1
}

status=0
for patch in "$here"/plants/*.patch; do
  name="$(basename "$patch" .patch)"
  if (($# > 0)) && [[ " $* " != *" $name "* ]]; then continue; fi
  read -r how what < <(sed -n 's/^found by: //p' "$patch")
  kasan=()
  [[ "$what" != --kasan ]] || kasan=(--kasan)
  # As it is, the same shows nothing: what is found is the plant.
  if [[ "$how" != fuzz ]]; then
    kernel="$(build)"
    if "by_$how" "$what" >/dev/null; then echo "$name: found in the kernel as it is"; status=1; continue; fi
  fi
  patch --quiet --directory "$tree" -p1 --input "$patch"
  applied="$patch"
  kernel="$(build "${kasan[@]}")"
  began=$SECONDS
  if found="$("by_$how" "$what")"; then
    echo "$name: found in $((SECONDS - began)) s by $how: $found"
  else
    echo "$name: not found by $how $what"
    tail -5 "$folder/says"
    status=1
  fi
  patch --quiet --directory "$tree" -p1 --reverse --input "$patch"
  applied=""
done
exit "$status"
