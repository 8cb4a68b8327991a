#!/usr/bin/env bash
# Makes one mutant and sees whether a case catches it that requires the rule it breaks. Prints a line of
# a table: mutant, rule, the first such case. tests/mutants/CMakeLists.txt writes <config>.
#
#   run.sh <config> <patch>    exit code 0: caught
#   run.sh <config> clean      exit code 0: nobody objects to the engine as it is
#   run.sh <config> <patch> <file>       only makes it, as a shared object
#
# A third argument, `atlas`, asks the atlas instead: whether the mutant's differs from that of the engine
# as it is. Not every fault shows in what is answered to a single segment. What comes behind it, a further
# dimension and the set-ups to map (`options ESTABLISHED/options`), is for the mapper.
#
# CONTRIBUTING.md tells how to add one.
set -euo pipefail
# shellcheck source=/dev/null
source "$1"
patch=$2
judge=${3:-cases}
further=("${@:4}")
only_make=
if [[ $judge != cases && $judge != atlas ]]; then
  only_make=$judge
  judge=made
fi
CLEAN=$BUILD/libsynfin_mutant_target.so
name=$(basename "$patch" .patch)
work=$BUILD/$judge/$name
engine_objects=($ENGINE_OBJECTS)

fail() {
  echo "$name: $*" >&2
  exit 2
}

# Links the reference as a stack that hides its engine, from the objects of an engine.
link() {
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
  link "$work/mutated.o" "${others[@]}"
}

# Sets `code` and the log of the catcher.
catch() {
  local command=(timeout "$LIMIT" "$CATCHER" "$CLEAN" "$work/target.so" "$SOURCE/specs" "$rule" "$PROGRAMS")
  if [[ $judge == atlas ]]; then
    # An atlas has tens of thousands of plays: by its CPU time, as what else the machine does is not known.
    ulimit -t $((5 * LIMIT))
    local kind=clean${further[*]:+ ${further[*]}}
    local clean=$BUILD/${kind//[ \/]/-}.atlas
    command=("$MAPPER" "$CLEAN" "$work/target.so" "$clean" "${further[@]}")
    # From that of an earlier engine every mutant differs.
    if [[ $clean -ot $CLEAN || $clean -ot $MAPPER ]]; then rm -f "$clean"; fi
  fi
  code=0
  "${command[@]}" > "$work/log" 2>&1 || code=$?
  rm -f "$work"/*.so "$work"/*.o
  # An end by the limit (SIGKILL, SIGXCPU) tells nothing of the mutant.
  if [[ $judge == atlas ]] && ((code == 137 || code == 152)); then
    fail "not mapped within $((5 * LIMIT)) s of CPU time"
  fi
  if ((code == 2 || code == 126 || code == 127)); then
    tail -5 "$work/log" >&2
    fail "the catcher is at fault"
  fi
}

rm -rf "$work"
mkdir -p "$work"
rule=
if [[ $patch == clean ]]; then
  link "${engine_objects[@]}"
  catch
  ((code == 0)) && exit
  cat "$work/log"
  exit 1
fi

rule=$(sed -n '1s/^\([A-Z][A-Za-z0-9.-]*\): .*/\1/p' "$patch")
[[ $rule ]] || fail "the patch must begin with 'RULE-ID: what the rule says'"
mutate
if [[ $only_make ]]; then
  mv "$work/target.so" "$only_make"
  rm -rf "$work"
  exit
fi
catch
caught=$(sed -n 's/^caught by //p' "$work/log")
# A crash in one of these cases is an objection, and so is to run without end.
if [[ ! $caught ]] && ((code != 0)) && ! grep -q '^no case' "$work/log"; then
  caught="a crash, or no end (exit code $code)"
fi
printf '%-44s %-16s %s\n' "$name" "$rule" "${caught:-NOT CAUGHT}"
if [[ ! $caught ]]; then
  sed -n 's/^beside/    beside/p' "$work/log"
  exit 1
fi
