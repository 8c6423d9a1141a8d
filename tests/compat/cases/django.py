# /// script
# dependencies = ["django"]
#
# [tool.compat]
# kinds = ["templates copied from the package", "commands found by listing"]
# ///
"""startproject copies a tree of templates; commands are found by listing folders."""

import os
import pathlib
import subprocess
import sys

subprocess.run(["django-admin", "startproject", "site1", "."], check=True)
print(sorted(str(p) for p in pathlib.Path().rglob("*.py") if p.name != "script.py"))
for command in (["check"], ["migrate", "-v0"], ["help", "--commands"]):
    run = subprocess.run(
        [sys.executable, "manage.py", *command], capture_output=True, text=True, env=os.environ | {"LANG": "C"}
    )
    print(run.returncode, run.stdout)
