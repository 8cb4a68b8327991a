# Run at install: cmake -DSYNFIN=program -DHELP2MAN=program -DOUT=folder -DVERSION=x.y.z -P made.cmake
# The program prints what completes its command line, and help2man makes a page of each command's help.
file(REMOVE_RECURSE "${OUT}")
file(MAKE_DIRECTORY "${OUT}/man1")
foreach(shell bash zsh)
  execute_process(COMMAND "${SYNFIN}" completion ${shell}
    OUTPUT_FILE "${OUT}/synfin.${shell}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(NOT HELP2MAN)
  return()
endif()

function(page file command about)
  execute_process(
    COMMAND "${HELP2MAN}" --no-info --version-string "${VERSION}" --name "${about}"
            --output "${OUT}/man1/${file}.1" "${command}"
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# A page for a command, and one for each below it.
function(pages file about)
  list(JOIN ARGN " " command)
  page("${file}" "${command}" "${about}")
  execute_process(COMMAND ${ARGN} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  string(FIND "${help}" "\nSubcommands:" below)
  if(below EQUAL -1)
    return()
  endif()
  string(SUBSTRING "${help}" ${below} -1 help)
  string(REGEX MATCHALL "\n  [a-z]+  +[A-Z][^\n]*" lines "${help}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "\n  ([a-z]+)  +([A-Z][^\n]*)" "\\1;\\2" parts "${line}")
    list(GET parts 0 name)
    list(GET parts 1 about)
    pages("${file}-${name}" "${about}" ${ARGN} ${name})
  endforeach()
endfunction()

pages(synfin "test TCP stacks, from the first SYN to the last FIN" "${SYNFIN}")
