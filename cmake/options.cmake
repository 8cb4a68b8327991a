# Options, the language, warnings and sanitizers. Our own targets link `synfin_options`.
option(BUILD_TESTING "Build the tests" ON)
option(SYNFIN_WERROR "Warnings are errors" OFF)
option(SYNFIN_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(SYNFIN_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(SYNFIN_SANITIZE_ALL "Fuzz targets have sanitizers in what plays and judges too, not in what they test alone" OFF)
set(SYNFIN_FUZZ_ENGINE "" CACHE STRING
  "What fuzz targets link in place of libFuzzer; sanitizers are then those of CMAKE_CXX_FLAGS")
option(SYNFIN_BENCH "Build synfin_bench" ON)
set(SYNFIN_TEST_SHARDS 4 CACHE STRING "Parts that each test executable is run in")
set(SYNFIN_TEST_TIMEOUT 300 CACHE STRING "Seconds that one part may take")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(SYNFIN_CCACHE ccache)
if(SYNFIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SYNFIN_CCACHE}")
endif()

add_library(synfin_options INTERFACE)
target_compile_options(synfin_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  # At -O3 g++ 12 takes what std::string does in `"x" + string` for an overlap (GCC bug 105329).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${SYNFIN_WERROR}>:-Werror>)
target_include_directories(synfin_options INTERFACE "${PROJECT_SOURCE_DIR}")
# Generated headers are found under the same names as sources, but their warnings are not ours.
target_include_directories(synfin_options SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/generated")

# Sanitizers hold for the whole build, generated code included: one executable has to agree on them.
if(SYNFIN_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "SYNFIN_FUZZ needs clang (cmake --preset fuzz)")
  endif()
  if(NOT SYNFIN_FUZZ_ENGINE)
    set(sanitizers fuzzer-no-link,address,undefined)
  endif()
elseif(SYNFIN_SANITIZE)
  set(sanitizers address,undefined)
endif()
if(sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
endif()
