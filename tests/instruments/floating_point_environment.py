"""The settings of the processor that a host may have changed, read and set by glibc on x86-64."""

import ctypes
import ctypes.util
import platform

import pytest

needs_known_environment = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc", reason="knows glibc's fenv_t on x86-64"
)

FLUSH_TO_ZERO = 0x8000
DENORMALS_ARE_ZERO = 0x0040
ROUND_DOWNWARD = 0x2000
ROUND_UPWARD = 0x4000
ROUND_TO_ZERO = 0x6000
CONTROL = FLUSH_TO_ZERO | DENORMALS_ARE_ZERO | ROUND_TO_ZERO
DISTURBANCES = (FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, ROUND_UPWARD, ROUND_DOWNWARD, CONTROL)
MXCSR_OFFSET = 28  # behind the 28 bytes of the x87 environment


class Environment:
    def __init__(self) -> None:
        self.math = ctypes.CDLL(ctypes.util.find_library("m"))

    def read(self) -> ctypes.Array[ctypes.c_char]:
        buffer = ctypes.create_string_buffer(32)
        self.math.fegetenv(buffer)
        return buffer

    @property
    def mxcsr(self) -> int:
        return int.from_bytes(self.read().raw[MXCSR_OFFSET:], "little")

    def set(self, control: int) -> None:
        buffer = self.read()
        value = self.mxcsr & ~CONTROL | control
        buffer[MXCSR_OFFSET:32] = value.to_bytes(4, "little")
        self.math.fesetenv(buffer)
