# /// script
# dependencies = ["z3-solver"]
#
# [tool.compat]
# kinds = ["ctypes of a path"]
# ///
"""A library of a distribution that is not imported, found by a listing and loaded by its path."""

import ctypes
import glob
import site

path = glob.glob(site.getsitepackages()[0] + "/z3/lib/libz3.so*")[0]
library = ctypes.CDLL(path)
library.Z3_get_full_version.restype = ctypes.c_char_p
print(library.Z3_get_full_version().decode().split()[0])
