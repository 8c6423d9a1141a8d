# /// script
# dependencies = ["debugpy"]
#
# [tool.compat]
# kinds = ["a folder run as a program"]
# ///
"""The debugger starts an adapter from its folder, with packages in _vendored."""

import pathlib
import subprocess
import sys

pathlib.Path("program.py").write_text("import debugpy\nprint(debugpy.listen(('127.0.0.1', 0))[0])\nprint('ran')\n")
run = subprocess.run([sys.executable, "program.py"], capture_output=True, text=True, timeout=60)
print(run.returncode, run.stdout)
run = subprocess.run([sys.executable, "-m", "debugpy", "--version"], capture_output=True, text=True)
print(run.returncode, bool(run.stdout.strip()))
