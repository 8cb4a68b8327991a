# tests/<folder>/*.cc -> <folder>_tests; tests/bench -> synfin_bench; fuzz/<name>.cc -> fuzz_<name> with
# libFuzzer, and replay_<name> without.

function(synfin_add_tests)
  find_package(GTest REQUIRED)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests"
       "${PROJECT_SOURCE_DIR}/tests/*/*.cc")
  set(folders "")
  foreach(source IN LISTS sources)
    get_filename_component(folder "${source}" DIRECTORY)
    list(APPEND folders "${folder}")
  endforeach()
  list(REMOVE_DUPLICATES folders)
  list(REMOVE_ITEM folders bench fuzz mutants)
  foreach(folder IN LISTS folders)
    set(mine ${sources})
    list(FILTER mine INCLUDE REGEX "^${folder}/")
    list(TRANSFORM mine PREPEND "${PROJECT_SOURCE_DIR}/tests/")
    synfin_test_executable("${folder}" ${mine})
  endforeach()
  # Whether cases catch a mutant is the same with sanitizers and without.
  if(NOT SYNFIN_SANITIZE)
    add_subdirectory("${PROJECT_SOURCE_DIR}/tests/mutants" tests/mutants)
  endif()
  synfin_add_replays()
endfunction()

function(synfin_test_executable folder)
  set(target ${folder}_tests)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE GTest::gtest_main GTest::gmock synfin_options)
  target_compile_definitions(${target} PRIVATE SYNFIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Tests spend their time in what they test; a third of the time of their own build is optimising and
  # describing them.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0 -g1>)
  if(TARGET synfin_${folder})
    target_link_libraries(${target} PRIVATE synfin_${folder})
  elseif(NOT folder STREQUAL house)
    target_link_libraries(${target} PRIVATE synfin_cli)
    if(TARGET synfin)
      target_compile_definitions(${target} PRIVATE SYNFIN_BINARY="$<TARGET_FILE:synfin>")
      add_dependencies(${target} synfin)
    endif()
  endif()

  # A process per test would spend most of its time in starting. A few shards of each executable use
  # all cores as well, and the XML that each writes still tells the single tests.
  math(EXPR last "${SYNFIN_TEST_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${target}.${shard} COMMAND ${target} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${target}.${shard} PROPERTIES
      TIMEOUT ${SYNFIN_TEST_TIMEOUT}
      LABELS ${folder}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${SYNFIN_TEST_SHARDS};GTEST_SHARD_INDEX=${shard};GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/results/${target}.${shard}.xml;SYNFIN_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  endforeach()
endfunction()

function(synfin_add_bench)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/bench/*.cc")
  if(sources)
    find_package(benchmark REQUIRED)
    foreach(shared guarded_lwip program_input)
      list(APPEND sources "${PROJECT_SOURCE_DIR}/fuzz/common/${shared}.cc")
    endforeach()
    add_executable(synfin_bench ${sources})
    target_link_libraries(synfin_bench PRIVATE synfin_cli benchmark::benchmark_main synfin_options)
    target_compile_definitions(synfin_bench PRIVATE SYNFIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  endif()
endfunction()

# What the targets in fuzz/ share; each takes of it what it names.
function(synfin_fuzz_common)
  file(GLOB common CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/common/*.cc")
  list(FILTER common EXCLUDE REGEX "(_main|/afl_mutator)\\.cc$")
  add_library(synfin_fuzz_common STATIC ${common} "${PROJECT_SOURCE_DIR}/tests/engine/walk_world.cc")
  target_link_libraries(synfin_fuzz_common PUBLIC synfin_mutate PRIVATE synfin_options)
  target_compile_definitions(synfin_fuzz_common PRIVATE SYNFIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(SYNFIN_FUZZ)
    synfin_is_not_tested(synfin_fuzz_common)
  endif()
endfunction()

# The program that makes seed corpora of .pkt files.
function(synfin_fuzz_seeds)
  add_executable(synfin_seeds "${PROJECT_SOURCE_DIR}/fuzz/common/seeds_main.cc")
  target_link_libraries(synfin_seeds PRIVATE synfin_atlas synfin_options)
endfunction()

# synfin_fuzz_target(<target> <source>... [TESTED <folder>]): links the folders that the sources name, so that
# a small one is soon built.
function(synfin_fuzz_target target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" TESTED "")
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  if(arg_TESTED)
    # First and whole: so that nothing comes from the folder's other library.
    target_link_libraries(${target} PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,synfin_${arg_TESTED}_tested>)
  endif()
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS)
    file(STRINGS "${source}" included REGEX "^#include \"[a-z]+/")
    foreach(file IN LISTS included)
      string(REGEX REPLACE "^#include \"(harness/)?([a-z]+)/.*" "\\2" folder "${file}")
      string(REGEX REPLACE "^(fuzz|tests)$" "fuzz_common" folder "${folder}")
      target_link_libraries(${target} PRIVATE synfin_${folder})
    endforeach()
  endforeach()
  target_link_libraries(${target} PRIVATE synfin_options ${CMAKE_DL_LIBS})
  # An engine in a shared object takes the rest of the harness from the target.
  set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
endfunction()

# What a target tests; it is under sanitizers and coverage.
set(SYNFIN_TESTED_BY_wire wire)
set(SYNFIN_TESTED_BY_script script)
set(SYNFIN_TESTED_BY_atlas atlas)
set(SYNFIN_TESTED_BY_child_reply stack)
if(NOT SYNFIN_LWIP_SOURCE)  # else that is all
  set(SYNFIN_TESTED_BY_diff_lwip stack)
endif()
set(SYNFIN_TESTED_BY_reference engine)
set(SYNFIN_TESTED_BY_pair engine)
set(SYNFIN_TESTED_BY_diff_reference engine)
set(SYNFIN_TESTED_BY_canary engine)

function(synfin_add_fuzzers)
  synfin_fuzz_common()
  synfin_fuzz_seeds()
  add_custom_target(fuzzers DEPENDS synfin_seeds)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/*.cc")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    synfin_fuzz_target(fuzz_${name} "${source}" TESTED ${SYNFIN_TESTED_BY_${name}})
    add_dependencies(fuzzers fuzz_${name})
    if(SYNFIN_FUZZ_ENGINE)
      target_link_libraries(fuzz_${name} PRIVATE "${SYNFIN_FUZZ_ENGINE}")
    else()
      target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    endif()
  endforeach()
  # What AFL++ changes programs with.
  add_library(synfin_afl_mutator MODULE EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/fuzz/common/afl_mutator.cc"
    "${PROJECT_SOURCE_DIR}/fuzz/common/program_input.cc")
  target_link_libraries(synfin_afl_mutator PRIVATE synfin_mutate synfin_options)
  # What tests/fuzz/speed.sh compares with.
  synfin_fuzz_target(bare_lwip "${PROJECT_SOURCE_DIR}/tests/fuzz/bare_lwip.cc" TESTED ${SYNFIN_TESTED_BY_diff_lwip})
  target_link_options(bare_lwip PRIVATE -fsanitize=fuzzer)
endfunction()

# Each fuzz target as an ordinary program that plays its corpus: corpus/fuzz/<name>, and the scripts in
# specs/ and corpus/ where it takes programs or text.
function(synfin_add_replays)
  synfin_fuzz_common()
  synfin_fuzz_seeds()
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/*.cc")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    synfin_fuzz_target(replay_${name} "${source}" "${PROJECT_SOURCE_DIR}/fuzz/common/replay_main.cc")
    set(inputs "")
    file(STRINGS "${source}" takes_programs REGEX "#include \"fuzz/common/")
    if(takes_programs)
      set(inputs --programs)
    endif()
    set(folders corpus/fuzz/${name})
    # What lwIP is known to do is known by cases with their expectations.
    if((takes_programs AND NOT name STREQUAL "diff_lwip") OR name STREQUAL "script")
      list(APPEND folders specs corpus/seeds corpus/regressions)
    endif()
    foreach(folder IN LISTS folders)
      if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}")
        list(APPEND inputs "${PROJECT_SOURCE_DIR}/${folder}")
      endif()
    endforeach()
    # The canary is made to crash; there is no corpus for it.
    if(name STREQUAL "canary")
      continue()
    endif()
    add_test(NAME fuzz.${name} COMMAND replay_${name} ${inputs})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${SYNFIN_TEST_TIMEOUT} LABELS fuzz)
  endforeach()
  # Builds of their own, with clang.
  if(NOT SYNFIN_SANITIZE)
    foreach(other oss_fuzz afl canary)
      add_test(NAME fuzz.${other} COMMAND "${PROJECT_SOURCE_DIR}/tests/fuzz/${other}.sh")
      set_tests_properties(fuzz.${other} PROPERTIES TIMEOUT 3600 LABELS fuzz SKIP_RETURN_CODE 77)
    endforeach()
  endif()
endfunction()
