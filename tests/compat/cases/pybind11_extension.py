# /// script
# dependencies = ["pybind11", "setuptools"]
#
# [tool.compat]
# kinds = ["header-only distribution"]
# ///
"""An extension of C++ whose headers come from a distribution."""

import pathlib
import subprocess
import sys

pathlib.Path("greet.cpp").write_text(
    "#include <pybind11/pybind11.h>\n#include <pybind11/stl.h>\n"
    'PYBIND11_MODULE(greet, m) { m.def("twice", [](std::vector<int> v) { for (auto &x : v) x *= 2; return v; }); }\n'
)
flags = subprocess.run([sys.executable, "-m", "pybind11", "--includes"], capture_output=True, text=True).stdout.split()
done = subprocess.run(
    ["c++", "-O0", "-shared", "-std=c++17", "-fPIC", *flags, "greet.cpp", "-o", "greet.so"],
    capture_output=True,
    text=True,
)
print(done.returncode, done.stderr[-300:])
sys.path.insert(0, ".")
import greet

print(greet.twice([1, 2]))
