# The C library. The Python extension takes its kernels from there: they are most of the bytes.
add_library(squarely
  ${CMAKE_CURRENT_BINARY_DIR}/targets_table.cpp
  $<TARGET_OBJECTS:squarely_core>
  $<TARGET_OBJECTS:squarely_called_once>
  ${SQUARELY_KERNEL_OBJECTS})
add_library(squarely::squarely ALIAS squarely)
target_compile_definitions(squarely PRIVATE $<TARGET_PROPERTY:squarely_options,INTERFACE_COMPILE_DEFINITIONS>)
target_include_directories(squarely
  PRIVATE $<TARGET_PROPERTY:squarely_options,INTERFACE_INCLUDE_DIRECTORIES>
  INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/cpp/include>)

# What an extension for Python takes, which finds its functions when it is imported, and no library.
add_library(squarely_headers INTERFACE)
target_include_directories(squarely_headers INTERFACE ${PROJECT_SOURCE_DIR}/cpp/include)
add_library(squarely::headers ALIAS squarely_headers)

if(BUILD_SHARED_LIBS)
  target_link_libraries(squarely PRIVATE Threads::Threads $<$<BOOL:${OpenMP_CXX_FOUND}>:OpenMP::OpenMP_CXX>)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    # Threads of OpenMP live on in functions of the library when a call has ended: it stays where it is after dlclose.
    target_link_options(squarely PRIVATE
      LINKER:--version-script=${PROJECT_SOURCE_DIR}/cpp/c_api/exports.map LINKER:--gc-sections LINKER:-z,nodelete)
  endif()
else()
  # A C program does not know what a C++ library needs, and which runtime of C++ that is, this compiler knows.
  set(needed ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
  list(FILTER needed INCLUDE REGEX "^(stdc[+][+]|c[+][+])$")
  string(REGEX REPLACE "^-l" "" threads "${CMAKE_THREAD_LIBS_INIT}")
  list(APPEND needed ${OpenMP_CXX_LIB_NAMES} m ${threads})
  list(REMOVE_DUPLICATES needed)
  target_link_libraries(squarely INTERFACE ${needed})
  list(JOIN needed " -l" SQUARELY_PC_NEEDED)
  string(PREPEND SQUARELY_PC_NEEDED " -l")
endif()

# A wheel holds no symbolic links, so there the library has one name.
if(NOT SQUARELY_IN_WHEEL)
  file(STRINGS include/squarely/squarely.h interface REGEX "^#define SQUARELY_ABI_VERSION ")
  string(REGEX REPLACE "[^0-9]" "" interface "${interface}")
  set_target_properties(squarely PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${interface})
endif()
