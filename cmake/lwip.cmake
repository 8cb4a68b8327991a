# synfin_lwip: the lwIP that the stack `lwip` is. Debian's library, or a source tree that is built with the
# same compiler options as everything else, sanitizers and coverage included.
set(SYNFIN_LWIP_SOURCE "" CACHE PATH "An lwIP source tree (2.1 or later) to build in place of liblwip-dev")

function(synfin_find_lwip)
  if(SYNFIN_LWIP_SOURCE)
    synfin_build_lwip("${SYNFIN_LWIP_SOURCE}")
    return()
  endif()
  pkg_check_modules(lwip REQUIRED IMPORTED_TARGET lwip)
  add_library(synfin_lwip INTERFACE)
  target_link_libraries(synfin_lwip INTERFACE PkgConfig::lwip)
endfunction()
