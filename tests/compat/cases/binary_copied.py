# /// script
# dependencies = ["ninja"]
#
# [tool.compat]
# kinds = ["a binary looked at and copied"]
# ///
"""What stands in bin is the program, also for those who do not run it from there."""

import os
import shutil
import subprocess

program = shutil.which("ninja")
print(open(program, "rb").read(4), os.path.getsize(program) > 100_000, os.access(program, os.X_OK))
shutil.copy2(program, "copied")
print(
    subprocess.run(["./copied", "--version"], capture_output=True, text=True, timeout=20).stdout
    == subprocess.run(["ninja", "--version"], capture_output=True, text=True).stdout
)
