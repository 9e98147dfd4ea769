# GCC for another processor, and QEMU for what it makes: cmake -DCMAKE_TOOLCHAIN_FILE=.ci/toolchain.cmake -DPROCESSOR=aarch64
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PROCESSOR)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${PROCESSOR})
set(CMAKE_C_COMPILER ${PROCESSOR}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${PROCESSOR}-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${PROCESSOR} -L /usr/${PROCESSOR}-linux-gnu)
# Programs are of this machine, all else is of the other.
set(CMAKE_FIND_ROOT_PATH /usr/${PROCESSOR}-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind IN ITEMS INCLUDE LIBRARY PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
