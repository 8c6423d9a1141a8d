# /// script
# dependencies = ["cffi"]
#
# [tool.compat]
# kinds = ["extension", "pycparser"]
# ///
"""Calls the C library."""

import cffi

ffi = cffi.FFI()
ffi.cdef("size_t strlen(const char *); int abs(int);")
library = ffi.dlopen(None)
print(library.strlen(b"shelf"), library.abs(-3), ffi.sizeof("long"))
