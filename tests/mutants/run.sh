#!/usr/bin/env bash
# Makes one mutant and sees whether it is caught. tests/mutants/CMakeLists.txt writes <config>.
#
#   run.sh <config> <patch>    exit code 0: caught
#   run.sh <config> clean      exit code 0: nobody objects to the engine as it is
#
# A new mutant: break one rule in engine/, then
#   (echo "RULE-ID: what the rule says"; echo; git diff engine/x.cc) > tests/mutants/NN-name.patch
# and take the change back. A patch that no longer applies is made anew the same way.
set -euo pipefail
# shellcheck source=/dev/null
source "$1"
patch=$2
name=$(basename "$patch" .patch)
work=$BUILD/$name
engine_objects=($ENGINE_OBJECTS)

fail() {
  echo "$name: $*" >&2
  exit 2
}

# Links both shared objects of a mutant from the objects given: the engine for tests that call it,
# and the reference as a stack that hides its engine.
link_both() {
  # shellcheck disable=SC2086
  "$CXX" $CXXFLAGS -shared -Wl,-soname,libsynfin_mutant_engine.so \
    -o "$work/libsynfin_mutant_engine.so" "$@"
  # shellcheck disable=SC2086
  "$CXX" $CXXFLAGS -shared -Wl,--version-script="$SOURCE/tests/mutants/target.map" \
    -o "$work/target.so" "$@" $STACK_OBJECTS
}

mutate() {
  local file others=() object
  file=$(sed -n 's|^+++ b/\(engine/[a-z_0-9]*\.cc\).*|\1|p' "$patch")
  [[ -n $file && $(grep -c '^+++ ' "$patch") == 1 ]] || fail "the patch must change one engine/*.cc"
  mkdir -p "$work/engine"
  cp "$SOURCE/$file" "$work/$file"
  (cd "$work" && patch --quiet -p1 --no-backup-if-mismatch < "$patch") ||
    fail "the patch does not apply: make it anew"
  # shellcheck disable=SC2086
  $LAUNCHER "$CXX" $CXXFLAGS -I "$SOURCE" -c "$work/$file" -o "$work/mutated.o" ||
    fail "the mutant does not compile"
  for object in "${engine_objects[@]}"; do
    [[ $object == */"$(basename "$file")".o ]] || others+=("$object")
  done
  ((${#others[@]} + 1 == ${#engine_objects[@]})) || fail "no object of $file to replace"
  link_both "$work/mutated.o" "${others[@]}"
}

# Runs one catcher; 0 when it objects. A crash is an objection, and so is to run without end.
objects() {
  local code=0
  echo "-- $(basename "$1")"
  timeout "$LIMIT" env LD_LIBRARY_PATH="$work" "$@" > "$work/log" 2>&1 || code=$?
  grep -E '^caught|^\[  FAILED  \]|Assertion|ERROR: |terminate' "$work/log" | head -3 || true
  if ((code == 2 || code == 126 || code == 127)); then
    tail -5 "$work/log" >&2
    fail "the catcher is at fault"
  fi
  if ((code == 124)); then echo "it does not end"; fi
  ((code != 0))
}

rm -rf "$work"
mkdir -p "$work"
if [[ $patch == clean ]]; then
  link_both "${engine_objects[@]}"
else
  mutate
fi
CLEAN=$BUILD/libsynfin_mutant_target.so

by_judge=no
by_tests=no
if objects "$JUDGE_CATCHER" "$CLEAN" "$work/target.so" "$SOURCE/specs" "$PROGRAMS"; then
  by_judge=yes
fi
# shellcheck disable=SC2086
if [[ $by_judge == no || -n ${SYNFIN_MUTANTS_ALL:-} ]] &&
  objects "$ENGINE_CATCHER" $ENGINE_CATCHER_ARGUMENTS; then
  by_tests=yes
fi
rm -f "$work"/*.so "$work"/*.o
echo "$name: specs and judge $by_judge, engine tests $by_tests"
if [[ $patch == clean ]]; then
  [[ $by_judge == no && $by_tests == no ]] || { cat "$work/log"; exit 1; }
else
  [[ $by_judge == yes || $by_tests == yes ]] || exit 1
fi
