# /// script
# dependencies = ["mypy", "types-requests", "pandas-stubs"]
#
# [tool.compat]
# kinds = ["distributions of stubs alone"]
# ///
"""A type checker reads distributions that have no module."""

import pathlib
import subprocess
import sys

pathlib.Path("checked.py").write_text(
    "import requests\nreveal_type(requests.get('a').json)\nimport pandas\nreveal_type(pandas.DataFrame().shape)\n"
)
print(
    subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "checked.py"], capture_output=True, text=True
    ).stdout
)
