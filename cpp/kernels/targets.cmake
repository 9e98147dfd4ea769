# One row per instruction set, the best last: name | compiler flags | run-time test, a C++ expression.
# The levels are those of the x86-64 psABI. "plain" is one double a lane: it runs everywhere and is the floor.
set(SQUARELY_TARGETS "plain|-DSQUARELY_PLAIN_LANES|true")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND SQUARELY_TARGETS
    "x86-64|-march=x86-64|true"
    "x86-64-v3|-march=x86-64-v3|cpu_has_v3()"
    "x86-64-v4|-march=x86-64-v4|cpu_has_v3() && cpu_has_v4()")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
  list(APPEND SQUARELY_TARGETS "aarch64||true")
endif()
