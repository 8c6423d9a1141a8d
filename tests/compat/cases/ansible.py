# /// script
# dependencies = ["ansible-core"]
#
# [tool.compat]
# kinds = ["modules sent elsewhere"]
# ///
"""Modules are packed from their sources and run by another Python."""

import os
import re
import subprocess
import sys

environ = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
for module, arguments in (("ping", ""), ("copy", "content=hello dest=./copied"), ("stat", "path=script.py")):
    run = subprocess.run(
        [
            "ansible",
            "localhost",
            "-i",
            "localhost,",
            "-c",
            "local",
            "-e",
            f"ansible_python_interpreter={sys.executable}",
            "-m",
            module,
            "-a",
            arguments,
        ],
        capture_output=True,
        text=True,
        env=environ,
    )
    print(module, run.returncode, re.findall(r"SUCCESS|CHANGED|FAILED", run.stdout))
    if run.returncode:
        print(run.stdout[-600:], run.stderr[-300:])
run = subprocess.run(["ansible-doc", "-l"], capture_output=True, text=True, env=environ)
print(run.returncode, len(run.stdout.splitlines()))
