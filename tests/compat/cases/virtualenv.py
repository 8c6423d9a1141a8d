# /// script
# dependencies = ["virtualenv"]
#
# [tool.compat]
# kinds = ["an environment made from inside"]
# ///
"""virtualenv unpacks wheels that it carries and questions interpreters with scripts of its own."""

import subprocess
import sys

run = subprocess.run(
    [sys.executable, "-m", "virtualenv", "-q", "made", "--no-periodic-update"], capture_output=True, text=True
)
print(run.returncode, run.stderr[-300:])
print(
    subprocess.run(
        ["made/bin/python", "-c", "import pip, sys; print(sys.prefix != sys.base_prefix)"],
        capture_output=True,
        text=True,
    ).stdout
)
print(
    subprocess.run(["made/bin/python", "-c", "import virtualenv"], capture_output=True, text=True).stderr.splitlines()[
        -1
    ]
)
subprocess.run([sys.executable, "-m", "venv", "--without-pip", "plain"], check=True)
print(
    subprocess.run(
        ["plain/bin/python", "-c", "import sys; print(len(sys.path), sys.flags.isolated)"],
        capture_output=True,
        text=True,
    ).stdout
)
