# /// script
# dependencies = ["pybind11"]
#
# [tool.compat]
# kinds = ["a compiler started by make"]
# ///
"""make asks Python for flags; the compiler that it starts reads headers."""

import pathlib
import subprocess
import sys

pathlib.Path("Makefile").write_text(
    f"PYTHON = {sys.executable}\ngreet.so: greet.cpp\n\tc++ -O0 -shared -std=c++17 -fPIC $$($(PYTHON) -m pybind11 --includes) greet.cpp -o $@\n"
)
pathlib.Path("greet.cpp").write_text('#include <pybind11/pybind11.h>\nPYBIND11_MODULE(greet, m) { m.attr("x") = 3; }\n')
run = subprocess.run(["make"], capture_output=True, text=True)
print(run.returncode, run.stderr[-300:])
sys.path.insert(0, ".")
import greet

print(greet.x)
