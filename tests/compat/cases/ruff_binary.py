# /// script
# dependencies = ["ruff"]
#
# [tool.compat]
# kinds = ["binary in the wheel"]
# quick = true
# command = ["ruff", "check", "--isolated", "--no-cache", "--output-format", "concise", "--exit-zero", "script.py"]
# ///
"""A binary shipped in the wheel, run from bin/; it reads this file."""

import os
import sys
