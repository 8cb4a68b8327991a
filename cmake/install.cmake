# What `cmake --install` puts where: the program, its cases, what completes its command line, and man
# pages where help2man is at hand.
function(synfin_install)
  include(GNUInstallDirs)
  install(TARGETS synfin)
  install(DIRECTORY specs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synfin/specs)

  set(made "${PROJECT_BINARY_DIR}/made")
  find_program(SYNFIN_HELP2MAN help2man)
  install(CODE "
    execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DSYNFIN=$<TARGET_FILE:synfin>\"
      \"-DHELP2MAN=${SYNFIN_HELP2MAN}\" \"-DOUT=${made}\" \"-DVERSION=${PROJECT_VERSION}\"
      -P \"${PROJECT_SOURCE_DIR}/cmake/made.cmake\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES "${made}/synfin.bash" RENAME synfin
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES "${made}/synfin.zsh" RENAME _synfin
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(DIRECTORY "${made}/man1" DESTINATION ${CMAKE_INSTALL_MANDIR})
endfunction()
