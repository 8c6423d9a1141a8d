# /// script
# dependencies = ["attrs", "pyyaml", "markupsafe"]
#
# [tool.compat]
# kinds = ["interpreter options"]
# command = ["python", "-X", "dev", "-W", "error", "-bb", "-OO", "-X", "frozen_modules=off", "script.py"]
# ///
"""Every warning is an error, no docstrings, no frozen modules."""

import faulthandler
import gc
import subprocess
import sys
import tracemalloc

tracemalloc.start()
import attrs
import markupsafe
import yaml

print(attrs.__doc__, yaml.safe_load("[1, 2]"), markupsafe.escape("<"), faulthandler.is_enabled())
print(
    subprocess.run(
        [sys.executable, "-W", "error", "-bb", "-c", "import yaml.nodes; print(yaml.nodes.__name__)"],
        capture_output=True,
    ).stdout
)
gc.collect()
