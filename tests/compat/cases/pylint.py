# /// script
# dependencies = ["pylint"]
#
# [tool.compat]
# kinds = ["pure", "plugins by path"]
# ///
"""Checkers are loaded by listing their folder."""

import pathlib
import subprocess
import sys

pathlib.Path("bad.py").write_text("import os\nx = 1\n")
run = subprocess.run([sys.executable, "-m", "pylint", "--score=n", "bad.py"], capture_output=True, text=True)
print(run.stdout)
