# What the port for vcpkg calls, in the few lines that it needs of them: cmake -DPORT_FOLDER=... -DPACKAGE=... -P this file.
# Builds a static library, as vcpkg does on Linux, and no second one for debugging.
set(PORT squarely)
set(CURRENT_PORT_DIR ${PORT_FOLDER})
set(CURRENT_PACKAGES_DIR ${PACKAGE})
set(build ${PACKAGE}-build)

function(vcpkg_download_distfile result)
  cmake_parse_arguments(PARSE_ARGV 1 given "" "FILENAME;SHA512" "URLS")
  file(DOWNLOAD ${given_URLS} ${build}/${given_FILENAME} EXPECTED_HASH SHA512=${given_SHA512})
  set(${result} ${build}/${given_FILENAME} PARENT_SCOPE)
endfunction()

function(vcpkg_extract_source_archive result)
  cmake_parse_arguments(PARSE_ARGV 1 given "" "ARCHIVE" "")
  file(ARCHIVE_EXTRACT INPUT ${given_ARCHIVE} DESTINATION ${build}/source)
  file(GLOB folder ${build}/source/*)
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 given "" "SOURCE_PATH" "OPTIONS")
  separate_arguments(more NATIVE_COMMAND "$ENV{CMAKE_ARGS}")
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${given_SOURCE_PATH} -B ${build}/objects -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_INSTALL_PREFIX=${PACKAGE} -DCMAKE_INSTALL_LIBDIR=lib ${given_OPTIONS} ${more}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${build}/objects --parallel 2 COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${build}/objects COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 given "" "CONFIG_PATH" "")
  file(GLOB files ${PACKAGE}/${given_CONFIG_PATH}/*.cmake)
  if(NOT files)
    message(FATAL_ERROR "nothing is in ${given_CONFIG_PATH}")
  endif()
  file(COPY ${files} DESTINATION ${PACKAGE}/share/${PORT})
  file(REMOVE_RECURSE ${PACKAGE}/lib/cmake)
  # The folders above the file are one fewer now.
  file(READ ${PACKAGE}/share/${PORT}/squarely-targets.cmake targets)
  string(REPLACE "_IMPORT_PREFIX \"\${CMAKE_CURRENT_LIST_FILE}\"" "_IMPORT_PREFIX \"\${CMAKE_CURRENT_LIST_FILE}/x\""
    targets "${targets}")
  file(WRITE ${PACKAGE}/share/${PORT}/squarely-targets.cmake "${targets}")
endfunction()

function(vcpkg_fixup_pkgconfig)
  if(NOT EXISTS ${PACKAGE}/lib/pkgconfig/squarely.pc)
    message(FATAL_ERROR "there is no squarely.pc")
  endif()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 given "" "" "FILE_LIST")
  configure_file(${given_FILE_LIST} ${PACKAGE}/share/${PORT}/copyright COPYONLY)
endfunction()

include(${PORT_FOLDER}/portfile.cmake)
