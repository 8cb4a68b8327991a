#!/usr/bin/env bash
# The atlas finds mutants whose fault shows in the answer to a single segment: those of atlas.list.
#
#   atlas.sh <config> [--all]     --all: tries the others, too, and prints those that the list lacks
#
# Exit code: 0 all are found, 1 not all are, or the list lacks one.
set -euo pipefail
config=$1
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
status=0

# Whether the atlas of a mutant differs; what run.sh prints is passed on.
shows() {
  local code=0
  "$here/run.sh" "$config" "$here/$1.patch" atlas || code=$?
  ((code < 2)) || exit 2
  return "$code"
}

mapfile -t listed < <(grep -v '^#' "$here/atlas.list")
for name in "${listed[@]}"; do shows "$name" || status=1; done
if [[ ${2-} == --all ]]; then
  for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    if grep -qxF "$name" "$here/atlas.list"; then continue; fi
    if shows "$name"; then
      echo "$name is not in atlas.list"
      status=1
    fi
  done
fi
exit "$status"
