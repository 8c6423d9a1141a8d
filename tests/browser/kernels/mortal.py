"""A Python kernel that starts once: where it has lived before, it ends at once, so that Jupyter gives it up."""

import os
import sys
from pathlib import Path

from ipykernel.kernelapp import IPKernelApp

mark = Path(os.environ["TEST_FOLDER"], "lived")
if mark.exists():
    sys.exit(1)
mark.touch()
IPKernelApp.launch_instance()
