# /// script
# dependencies = ["ninja"]
#
# [tool.compat]
# kinds = ["binary in the wheel"]
# ///
"""A binary that the module runs by its path."""

import pathlib
import subprocess

pathlib.Path("build.ninja").write_text("rule copy\n command = cp $in $out\nbuild b: copy a\n")
pathlib.Path("a").write_text("text")
print(subprocess.run(["ninja"], capture_output=True, text=True).stdout.splitlines()[-1], pathlib.Path("b").read_text())
