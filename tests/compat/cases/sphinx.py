# /// script
# dependencies = ["sphinx"]
#
# [tool.compat]
# kinds = ["themes", "locale", "entry points"]
# ///
"""Builds a document: themes, templates and translations are data."""

import pathlib
import subprocess
import sys

pathlib.Path("conf.py").write_text("project='shelf'\nlanguage='fr'\n")
pathlib.Path("index.rst").write_text("Shelf\n=====\n\n.. note:: x\n")
print(subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out"]).returncode)
print(
    "Note" in pathlib.Path("out/index.html").read_text(),
    sorted(p.name for p in pathlib.Path("out/_static").glob("*.css")),
)
