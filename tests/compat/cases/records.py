# /// script
# dependencies = ["click", "ninja", "jupyterlab-widgets", "pip"]
#
# [tool.compat]
# kinds = ["checks of RECORD"]
# ///
"""Every file has the digest and the size that RECORD says; pip sees a sound environment."""

import base64
import hashlib
import importlib.metadata
import subprocess
import sys

for name in ("click", "ninja", "jupyterlab-widgets"):
    wrong = []
    for file in importlib.metadata.files(name):
        content = file.locate().read_bytes()
        if (
            file.hash
            and base64.urlsafe_b64encode(hashlib.new(file.hash.mode, content).digest()).decode().rstrip("=")
            != file.hash.value
        ):
            wrong.append(str(file))
        if file.size is not None and file.size != len(content):
            wrong.append(str(file))
    print(name, wrong)
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
print(subprocess.run([*pip, "check"], capture_output=True, text=True).stdout)
print(subprocess.run([*pip, "list", "--format", "freeze"], capture_output=True, text=True).stdout)
shown = subprocess.run([*pip, "show", "-f", "click"], capture_output=True, text=True).stdout.splitlines()
print([line.strip() for line in shown if line.endswith(".py")])
