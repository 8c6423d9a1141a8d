# /// script
# dependencies = ["cmake"]
#
# [tool.compat]
# kinds = ["binary in the wheel", "C reads data"]
# ///
"""A C++ program that finds hundreds of data files relative to itself."""

import pathlib
import subprocess

pathlib.Path("script.cmake").write_text(
    'include(CMakePrintHelpers)\nset(X "1;2")\ncmake_print_variables(X)\nstring(SHA256 H "shelf")\nmessage(STATUS "${H}")\n'
)
print(subprocess.run(["cmake", "-P", "script.cmake"], capture_output=True, text=True).stdout)
print(len(subprocess.run(["cmake", "--help-module-list"], capture_output=True, text=True).stdout.split()) > 100)
