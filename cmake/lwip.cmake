# synfin_lwip: the lwIP that the stack `lwip` is. Debian's library, or a source tree that is built with the
# compiler options of everything else, sanitizers and coverage included, so that they see into it.
set(SYNFIN_LWIP_SOURCE "" CACHE PATH "An lwIP source tree (2.1 or later) to build in place of liblwip-dev")

# A macro, since languages are enabled at the top only.
macro(synfin_find_lwip)
  if(SYNFIN_LWIP_SOURCE)
    # clang for clang: gcc does not know all of its sanitizers.
    if(NOT CMAKE_C_COMPILER AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
      string(REPLACE "clang++" "clang" CMAKE_C_COMPILER "${CMAKE_CXX_COMPILER}")
    endif()
    enable_language(C)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    string(APPEND CMAKE_C_FLAGS " ${CMAKE_CXX_FLAGS}")
    set(CMAKE_C_FLAGS_${type} "${CMAKE_CXX_FLAGS_${type}}")
    synfin_build_lwip("${SYNFIN_LWIP_SOURCE}")
  else()
    pkg_check_modules(lwip REQUIRED IMPORTED_TARGET lwip)
    add_library(synfin_lwip INTERFACE)
    target_link_libraries(synfin_lwip INTERFACE PkgConfig::lwip)
  endif()
endmacro()

function(synfin_build_lwip source)
  set(LWIP_DIR "${source}")
  if(NOT EXISTS "${LWIP_DIR}/src/Filelists.cmake")
    message(FATAL_ERROR "SYNFIN_LWIP_SOURCE=${source} has no src/Filelists.cmake: it is no lwIP 2.1 or later")
  endif()
  include("${LWIP_DIR}/src/Filelists.cmake")
  add_library(synfin_lwip STATIC ${lwipcore_SRCS} ${lwipcore4_SRCS} ${lwipcore6_SRCS})
  target_include_directories(synfin_lwip SYSTEM PUBLIC
    "${PROJECT_SOURCE_DIR}/harness/stack/lwip_port" "${LWIP_DIR}/src/include")
  target_compile_options(synfin_lwip PRIVATE -w)  # its warnings are not ours
  if(SYNFIN_FUZZ)
    synfin_takes_programs(synfin_lwip)
  endif()
endfunction()
