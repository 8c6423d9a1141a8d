# /// script
# dependencies = ["mypy"]
#
# [tool.compat]
# kinds = ["stubs are its data", "mypyc"]
# ///
"""A type checker reads thousands of stub files, which no import of it touches."""

import pathlib
import subprocess
import sys

pathlib.Path("bad.py").write_text("import json\nx: int = json.dumps(1)\n")
run = subprocess.run([sys.executable, "-m", "mypy", "--no-incremental", "bad.py"], capture_output=True, text=True)
print(run.stdout)
