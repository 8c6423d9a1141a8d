# /// script
# dependencies = ["basedpyright", "attrs"]
#
# [tool.compat]
# kinds = ["tools over the tree"]
# ///
"""A type checker in JavaScript reads its own stubs and the packages of the environment."""

import json
import pathlib
import subprocess
import sys

pathlib.Path("checked.py").write_text(
    "import email.message\nimport attrs\n@attrs.define\nclass C:\n    x: int\nC('a')\nreveal_type(C(1).x)\nreveal_type(email.message.Message().keys())\n"
)
run = subprocess.run(
    ["basedpyright", "--outputjson", "--pythonpath", sys.executable, "checked.py"], capture_output=True, text=True
)
said = json.loads(run.stdout)
print([(d["severity"], d.get("rule"), d["message"].splitlines()[0]) for d in said["generalDiagnostics"]])
