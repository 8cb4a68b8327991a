#!/usr/bin/env bash
# The atlas finds the mutants whose fault shows in the answer to a single segment: those of atlas.list. Those of
# atlas-not.list need more than that; what, is said there. Prints a line each: mutant, rule, the first finding or what
# it would need.
#
#   atlas.sh <config> [--all]     --all: tries those of atlas-not.list, too
#
# Exit code: 0 all is as the lists say, 1 it is not, 2 a mutant could not be tried.
set -euo pipefail
config=$1
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
status=0

mapfile -t lines < <(grep -v '^#' "$here/atlas.list")
if [[ ${2-} == --all ]]; then mapfile -t -O "${#lines[@]}" lines < <(sed -n '/^#/!s/:.*//p' "$here/atlas-not.list"); fi

# Makes the atlases of the engine as it is, which all are compared with.
while read -r further; do
  # shellcheck disable=SC2086
  "$here/run.sh" "$config" clean atlas $further || exit 2
done < <(printf '%s\n' "${lines[@]}" | sed 's/^[^ ]*//' | sort -u)

tried=0
while read -r name rule what; do
  ((tried += 1))
  needs=$(sed -n "s/^$name: //p" "$here/atlas-not.list")
  if [[ $what == 'NOT CAUGHT' ]]; then
    what="not found: ${needs:-and yet it is in atlas.list}"
    if [[ ! $needs ]]; then status=1; fi
  elif [[ $needs ]]; then
    what+=" (and yet it is in atlas-not.list)"
    status=1
  fi
  printf '%-44s %-16s %s\n' "$name" "$rule" "$what"
done < <(printf '%s\n' "${lines[@]}" | sed 's/ \|$/.patch atlas /' |
  xargs -P "$(nproc)" -I '{}' sh -c "exec '$here/run.sh' '$config' '$here'/{}")
if ((tried != ${#lines[@]})); then
  echo "$((${#lines[@]} - tried)) of ${#lines[@]} could not be tried" >&2
  status=2
fi
exit "$status"
