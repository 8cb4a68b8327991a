#!/usr/bin/env bash
# Whether each patch stands in one list of what the atlas finds, atlas.list or atlas-not.list, and these name no others.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
patches() { basename -s .patch -- *.patch | sort; }
listed() {
  # Behind the name stands what else has to be mapped.
  sed '/^#/d; s/ .*//' atlas.list
  # What it lacks has to be said.
  sed -n '/^#/!s/: ..*$//p' atlas-not.list
}
wrong=$(diff <(patches) <(listed | sort) | sed -n 's/^</in no list:/p; s/^>/no patch, or twice:/p' || true)
if [[ $wrong ]]; then
  echo "$wrong"
  exit 1
fi
