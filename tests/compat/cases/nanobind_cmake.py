# /// script
# dependencies = ["nanobind", "cmake", "ninja"]
#
# [tool.compat]
# kinds = ["cmake with a package's files"]
# ///
"""CMake asks Python where a distribution is, and reads its files itself."""

import pathlib
import subprocess
import sys

pathlib.Path("CMakeLists.txt").write_text(
    "cmake_minimum_required(VERSION 3.15)\nproject(p)\nset(CMAKE_BUILD_TYPE Debug)\n"
    "find_package(Python 3.8 COMPONENTS Interpreter Development.Module REQUIRED)\n"
    "execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT)\n"
    "find_package(nanobind CONFIG REQUIRED)\nnanobind_add_module(ext NB_STATIC ext.cpp)\n"
)
pathlib.Path("ext.cpp").write_text(
    '#include <nanobind/nanobind.h>\nNB_MODULE(ext, m) { m.def("add", [](int a, int b) { return a + b; }); }\n'
)
for words in (
    ["cmake", "-S", ".", "-B", "out", "-G", "Ninja", f"-DPython_EXECUTABLE={sys.executable}"],
    ["cmake", "--build", "out"],
):
    run = subprocess.run(words, capture_output=True, text=True)
    print(run.returncode, (run.stdout + run.stderr)[-600:] if run.returncode else "")
sys.path.insert(0, "out")
import ext

print(ext.add(1, 2))
