# /// script
# dependencies = ["flake8", "flake8-bugbear"]
#
# [tool.compat]
# kinds = ["entry points", "console script"]
# ///
"""A plugin found through entry points, in a console script that starts processes."""

import pathlib
import subprocess

pathlib.Path("bad.py").write_text("import os\ndef f(x=[]):\n    return x\n")
print(subprocess.run(["flake8", "--isolated", "-j2", "bad.py"], capture_output=True, text=True).stdout)
