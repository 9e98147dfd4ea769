# The library, its headers, and how CMake and pkg-config find it. In a wheel they lie inside the package.
set(prefix "")
if(SQUARELY_IN_WHEEL)
  set(prefix squarely/)
  set(CMAKE_INSTALL_LIBDIR lib)
  set(CMAKE_INSTALL_INCLUDEDIR include)
  # Nobody has set a search path for site-packages.
  set(SQUARELY_PC_RPATH " -Wl,-rpath,\${libdir}")
endif()
include(GNUInstallDirs)
set(libdir ${prefix}${CMAKE_INSTALL_LIBDIR})
set(includedir ${prefix}${CMAKE_INSTALL_INCLUDEDIR})

target_include_directories(squarely INTERFACE $<INSTALL_INTERFACE:${includedir}>)
install(TARGETS squarely EXPORT squarely-targets
  LIBRARY DESTINATION ${libdir} ARCHIVE DESTINATION ${libdir} RUNTIME DESTINATION ${prefix}${CMAKE_INSTALL_BINDIR})
install(
  FILES include/squarely/squarely.h include/squarely/squarely.hpp include/squarely/squarely_python.h
  DESTINATION ${includedir}/squarely)

install(EXPORT squarely-targets NAMESPACE squarely:: DESTINATION ${libdir}/cmake/squarely)
include(CMakePackageConfigHelpers)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/squarely-config.cmake.in squarely-config.cmake
  INSTALL_DESTINATION ${libdir}/cmake/squarely NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
include(${PROJECT_SOURCE_DIR}/cmake/version_file.cmake)
squarely_version_file(${CMAKE_CURRENT_BINARY_DIR}/squarely-config-version.cmake ${PROJECT_VERSION} 0.1)
install(
  FILES ${CMAKE_CURRENT_BINARY_DIR}/squarely-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/squarely-config-version.cmake
  DESTINATION ${libdir}/cmake/squarely)

# From where the file lies, so that the tree can be moved.
file(RELATIVE_PATH SQUARELY_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" SQUARELY_PC_UP "${SQUARELY_PC_UP}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/squarely.pc.in squarely.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/squarely.pc DESTINATION ${libdir}/pkgconfig)
