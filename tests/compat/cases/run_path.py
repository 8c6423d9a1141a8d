# /// script
# dependencies = ["babel"]
#
# [tool.compat]
# kinds = ["runpy.run_path"]
# ///
"""A file of a package that was never imported runs by its path."""

import importlib.metadata
import os
import runpy

import site

folder = os.path.join(site.getsitepackages()[0], "babel")
print(runpy.run_path(os.path.join(folder, "messages", "plurals.py"))["get_plural"]("ja").num_plurals)
exec(compile(open(os.path.join(folder, "util.py")).read(), "util", "exec"), {"__name__": "babel.util"})
print("done")
