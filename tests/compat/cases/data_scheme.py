# /// script
# dependencies = ["jupyterlab-widgets"]
#
# [tool.compat]
# kinds = ["*.data files in share/"]
# ///
"""Files of the data scheme stand under sys.prefix."""

import json
import pathlib
import sys

folder = pathlib.Path(sys.prefix, "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager")
print(json.loads((folder / "package.json").read_text())["name"], sorted(p.name for p in folder.iterdir())[:3])
