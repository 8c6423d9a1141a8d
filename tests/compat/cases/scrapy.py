# /// script
# dependencies = ["scrapy"]
#
# [tool.compat]
# kinds = ["templates", "settings by name"]
# ///
"""A project from templates, in a framework that imports by dotted names."""

import pathlib
import subprocess

subprocess.run(["scrapy", "startproject", "books"], check=True, capture_output=True)
print(sorted(str(p) for p in pathlib.Path("books").rglob("*.*")))
print(subprocess.run(["scrapy", "list"], cwd="books", capture_output=True, text=True).returncode)
