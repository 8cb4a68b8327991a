#!/bin/bash -eu
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: compiler, flags, engine and places come
# from the environment (CXX CXXFLAGS LIB_FUZZING_ENGINE SRC WORK OUT), and all that a target needs when it
# runs is in $OUT. check.sh runs this without Docker.
#
# SYNFIN_FUZZ_ONLY: these targets alone ("wire script"), without seeds that are made by playing programs.
# Small ones are soon built, and show whether the rest would be.
source=$SRC/synfin
build=$WORK/synfin-$(basename "$OUT")
seeds=$WORK/synfin-seeds
only=${SYNFIN_FUZZ_ONLY-}

# The libraries of the distribution, protobuf among them, are made for libstdc++.
flags=${CXXFLAGS//-stdlib=libc++/}
# RPATH, as opposed to RUNPATH, holds for the libraries of libraries too.
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_COMPILER=$CXX" \
  "-DCMAKE_CXX_FLAGS=$flags" "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags" '-DCMAKE_BUILD_RPATH=$ORIGIN/lib' \
  -DSYNFIN_FUZZ=ON -DSYNFIN_SANITIZE_ALL=ON "-DSYNFIN_FUZZ_ENGINE=$LIB_FUZZING_ENGINE" -DBUILD_TESTING=OFF \
  -DSYNFIN_BENCH=OFF >/dev/null

targets=()
for file in "$source"/fuzz/*.cc; do
  name=$(basename "$file" .cc)
  # The canary has a fault on purpose.
  if [[ $name == canary || ($only && " $only " != *" $name "*) ]]; then continue; fi
  targets+=("fuzz_$name")
done
cmake --build "$build" --target "${targets[@]}"

mkdir -p "$OUT/lib" "$OUT/baselines"
cp -r "$source"/specs/baselines/. "$OUT/baselines/"
rm -rf "$seeds"
mkdir -p "$seeds"
if [[ ! $only ]]; then
  cmake --build "$build" --target synfin_seeds
  for kind in programs packets; do
    # Numbers that wrap do so on purpose.
    UBSAN_OPTIONS=silence_unsigned_overflow=1 "$build/synfin_seeds" "$kind" "$seeds/$kind" "$source/specs" "$source/corpus"
  done
fi

for target in "${targets[@]}"; do
  name=${target#fuzz_}
  cp "$build/$target" "$OUT/"
  # What the image that runs the target may lack; the C library it has.
  ldd "$build/$target" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' |
    grep -Ev '/(libc|libm|libdl|libpthread|librt|libresolv)\.so' | xargs -r cp -t "$OUT/lib"
  for kind in options dict; do
    for file in "$source/fuzz/$name.$kind" "$source/fuzz/oss-fuzz/$target.$kind"; do
      if [[ -f $file ]]; then cp "$file" "$OUT/$target.$kind"; fi
    done
  done
  zipped=$OUT/${target}_seed_corpus.zip
  rm -f "$zipped"
  # What lwIP does in the cases is known by the cases: diff_lwip has its own corpus alone.
  if [[ $name != diff_lwip && -d $seeds/programs ]] && grep -q '"fuzz/common/' "$source/fuzz/$name.cc"; then
    zip -q -j -r "$zipped" "$seeds/programs"
  elif [[ $name == wire && -d $seeds/packets ]]; then
    zip -q -j -r "$zipped" "$seeds/packets"
  elif [[ $name == script ]]; then
    (cd "$source/specs" && find . -name '*.pkt' | sort | zip -q "$zipped" -@)
  fi
  # Inputs of its own that were kept.
  if [[ -d $source/corpus/fuzz/$name ]]; then zip -q -j -r "$zipped" "$source/corpus/fuzz/$name"; fi
done
