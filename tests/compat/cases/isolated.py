# /// script
# dependencies = ["attrs"]
#
# [tool.compat]
# kinds = ["python -I"]
# command = ["python", "-I", "script.py"]
# ///
"""Isolated mode: no PYTHONPATH, no user site."""

import sys

import attrs

print(sys.flags.isolated, attrs.asdict(attrs.make_class("C", ["x"])(1)))
