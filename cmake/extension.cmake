# The Python extension: the core, its bindings, and the kernels of the library beside it.
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 CONFIG REQUIRED)
# pip brings pybind11 in a folder of another name every time: a copy, written where it differs, keeps what was compiled.
set(pybind11_copy ${PROJECT_BINARY_DIR}/pybind11_headers)
file(GLOB_RECURSE headers RELATIVE ${pybind11_INCLUDE_DIR} ${pybind11_INCLUDE_DIR}/pybind11/*.h)
foreach(header IN LISTS headers)
  configure_file(${pybind11_INCLUDE_DIR}/${header} ${pybind11_copy}/${header} COPYONLY)
endforeach()
set_target_properties(pybind11::pybind11_headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${pybind11_copy})
file(GLOB SQUARELY_BINDING_SOURCES CONFIGURE_DEPENDS binding/*.cpp)
# NO_EXTRAS: CMakeLists.txt says which optimisation there is at link time.
pybind11_add_module(_core NO_EXTRAS ${SQUARELY_BINDING_SOURCES})
# Bindings have no loops that -O3 makes faster: what it inlines there is size alone.
target_compile_options(_core PRIVATE $<$<CONFIG:Release>:-O2>)
target_link_libraries(_core PRIVATE squarely_core squarely_called_once squarely)
if(SQUARELY_PRECOMPILED_HEADERS)
  target_precompile_headers(_core PRIVATE <pybind11/numpy.h> <pybind11/pybind11.h> <pybind11/stl.h>)
endif()
# Half of the time of compiling bindings is instantiating what others instantiate, too: eight files at a time share it. Not
# where one is changed and compiled again.
if(SKBUILD_STATE STREQUAL "wheel")
  set_target_properties(_core PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # --disable-new-dtags: the library beside the extension comes before any that LD_LIBRARY_PATH names.
  target_link_options(_core PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cpp/binding/exports.map LINKER:--gc-sections
    LINKER:--disable-new-dtags)
endif()
if(APPLE)
  set(here @loader_path)
else()
  set(here $ORIGIN)
endif()
set_target_properties(_core PROPERTIES INSTALL_RPATH ${here}/${CMAKE_INSTALL_LIBDIR})

install(TARGETS _core LIBRARY DESTINATION squarely)
