# The C library, its headers, and how CMake and pkg-config find it. In a wheel they lie inside the package, and the
# extension takes its kernels from there: they are most of the bytes.
include(CMakePackageConfigHelpers)
if(SKBUILD)
  set(prefix squarely/)
  set(CMAKE_INSTALL_LIBDIR lib)
  set(CMAKE_INSTALL_INCLUDEDIR include)
endif()
include(GNUInstallDirs)
set(libdir ${prefix}${CMAKE_INSTALL_LIBDIR})
set(includedir ${prefix}${CMAKE_INSTALL_INCLUDEDIR})

add_library(squarely
  ${CMAKE_CURRENT_BINARY_DIR}/targets_table.cpp
  $<TARGET_OBJECTS:squarely_core>
  $<TARGET_OBJECTS:squarely_called_once>
  ${SQUARELY_KERNEL_OBJECTS})
add_library(squarely::squarely ALIAS squarely)
target_compile_definitions(squarely PRIVATE $<TARGET_PROPERTY:squarely_options,INTERFACE_COMPILE_DEFINITIONS>)
target_include_directories(squarely
  PRIVATE $<TARGET_PROPERTY:squarely_options,INTERFACE_INCLUDE_DIRECTORIES>
  INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/cpp/include> $<INSTALL_INTERFACE:${includedir}>)

if(BUILD_SHARED_LIBS)
  target_link_libraries(squarely PRIVATE Threads::Threads $<$<BOOL:${OpenMP_CXX_FOUND}>:OpenMP::OpenMP_CXX>)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(squarely PRIVATE
      LINKER:--version-script=${PROJECT_SOURCE_DIR}/cpp/c_api/exports.map LINKER:--gc-sections)
  endif()
else()
  # A C program does not know what a C++ library needs.
  if(APPLE)
    set(needed c++)
  else()
    set(needed stdc++)
  endif()
  list(APPEND needed ${OpenMP_CXX_LIB_NAMES} m ${CMAKE_THREAD_LIBS_INIT})
  list(REMOVE_DUPLICATES needed)
  target_link_libraries(squarely INTERFACE ${needed})
  list(JOIN needed " -l" SQUARELY_PC_NEEDED)
  string(PREPEND SQUARELY_PC_NEEDED " -l")
endif()

if(SKBUILD)
  # Nobody has set a search path for site-packages. A wheel holds no symbolic links, so there the library has one name.
  set(SQUARELY_PC_RPATH " -Wl,-rpath,\${libdir}")
else()
  set_target_properties(squarely PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 1)
endif()

install(TARGETS squarely EXPORT squarely-targets
  LIBRARY DESTINATION ${libdir} ARCHIVE DESTINATION ${libdir} RUNTIME DESTINATION ${prefix}${CMAKE_INSTALL_BINDIR})
install(
  FILES include/squarely/squarely.h include/squarely/squarely.hpp include/squarely/squarely_python.h
  DESTINATION ${includedir}/squarely)

install(EXPORT squarely-targets NAMESPACE squarely:: DESTINATION ${libdir}/cmake/squarely)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/squarely-config.cmake.in squarely-config.cmake
  INSTALL_DESTINATION ${libdir}/cmake/squarely NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# The interface only grows: any newer version does.
write_basic_package_version_file(squarely-config-version.cmake COMPATIBILITY AnyNewerVersion)
install(
  FILES ${CMAKE_CURRENT_BINARY_DIR}/squarely-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/squarely-config-version.cmake
  DESTINATION ${libdir}/cmake/squarely)

# From where the file lies, so that the tree can be moved.
file(RELATIVE_PATH SQUARELY_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" SQUARELY_PC_UP "${SQUARELY_PC_UP}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/squarely.pc.in squarely.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/squarely.pc DESTINATION ${libdir}/pkgconfig)
