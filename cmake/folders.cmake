# synfin_folder(<path> [LINK <target>...]): the folder's .cc and .proto files become the static library
# synfin_<name>. A folder without any becomes an interface library, so that the ones after it still link.
function(synfin_folder path)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" LINK)
  get_filename_component(name "${path}" NAME)
  set(target synfin_${name})

  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${path}/*.cc")
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cc$")  # so that tests can link the library
  file(GLOB protos CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${path}/*.proto")
  foreach(proto IN LISTS protos)
    synfin_protoc("${proto}" generated)
    list(APPEND sources ${generated})
  endforeach()

  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${arg_LINK} PRIVATE synfin_options)
    # Options and reports are long to compile and quick to run.
    if(SYNFIN_SANITIZE AND name MATCHES "^(cli|report)$")
      target_compile_options(${target} PRIVATE -O0)
    endif()
    if(SYNFIN_FUZZ)
      synfin_tested_twin(${target} ${sources})
      target_link_libraries(${target}_tested PUBLIC ${arg_LINK})
      synfin_is_not_tested(${target})
    endif()
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LINK})
  endif()
endfunction()

# What plays and judges is not what a fuzz target tests: its branches would only make programs look new, and its
# sanitizers, four times as slow, have the tests of the preset asan.
function(synfin_is_not_tested target)
  target_compile_options(${target} PRIVATE
    $<IF:$<BOOL:${SYNFIN_SANITIZE_ALL}>,-fno-sanitize=fuzzer-no-link,-fno-sanitize=all>)
endfunction()

# <target>_tested: the same sources under sanitizers and coverage, for the fuzz targets that test them.
function(synfin_tested_twin target)
  add_library(${target}_tested STATIC EXCLUDE_FROM_ALL ${ARGN})
  target_link_libraries(${target}_tested PRIVATE synfin_options)
  if(target MATCHES "_(engine|stack)$")
    synfin_takes_programs(${target}_tested)
  endif()
endfunction()

# What an operand is compared with helps to make octets, and programs are not made of octets.
function(synfin_takes_programs target)
  target_compile_options(${target} PRIVATE -fno-sanitize-coverage=trace-cmp)
endfunction()

# Compiles one .proto; `out` becomes the generated .cc (harness/proto/x.pb.cc and .h under generated/).
function(synfin_protoc proto out)
  file(RELATIVE_PATH stem "${PROJECT_SOURCE_DIR}" "${proto}")
  string(REGEX REPLACE "\\.proto$" "" stem "${stem}")
  set(root "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${root}")
  add_custom_command(
    OUTPUT "${root}/${stem}.pb.cc" "${root}/${stem}.pb.h"
    COMMAND protobuf::protoc "--proto_path=${PROJECT_SOURCE_DIR}" "--cpp_out=${root}" "${proto}"
    # protoc does not tell what a file imports, so each depends on all.
    DEPENDS ${protos}
    COMMENT "protoc ${stem}.proto"
    VERBATIM)
  set_source_files_properties("${root}/${stem}.pb.cc" PROPERTIES COMPILE_OPTIONS -w)
  set(${out} "${root}/${stem}.pb.cc" "${root}/${stem}.pb.h" PARENT_SCOPE)
endfunction()
