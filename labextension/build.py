"""Builds the panel's bundle: for ``pip install`` and wheels (the build hook in pyproject.toml), and for make.

A bundle that is newer than its sources stays: a wheel needs no Node, nor does building one from a source archive.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hatch_jupyter_builder.utils import is_stale, npm_builder

HERE = Path(__file__).parent
BUNDLE = HERE.parent / "cloudshelf_jupyter" / "labextension"
SOURCES = ["src", "style", "schema", "package.json", "package-lock.json"]
NODE = (20, 19)  # what @jupyter/builder asks for


def build(target: str, version: str) -> None:
    """What hatch-jupyter-builder calls: ``target`` is wheel or sdist, ``version`` standard or editable.

    Raises SystemExit with one sentence where there is no Node, and CalledProcessError where npm fails.
    """
    if any(is_stale(BUNDLE / "package.json", HERE / source) for source in SOURCES):
        require_node()
        # npm runs jupyter-builder, which is beside this Python, whether or not its environment is activated.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        npm_builder(target, version, path=str(HERE), build_cmd="build")
    shutil.copy(HERE / "install.json", BUNDLE)  # `jupyter-builder develop` puts it there, too


def require_node() -> None:
    """Ends with one sentence where Node or npm is missing or too old for the builder."""
    wanted = ".".join(map(str, NODE))
    if not shutil.which("node") or not shutil.which("npm"):
        raise SystemExit(
            f"The JupyterLab panel is built with Node {wanted} or newer, and no `node` or no `npm` is on the PATH."
            " Install it, or install cloudshelf from a wheel, which has the panel built."
        )
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, said.lstrip("v").split(".")[:2])) < NODE:
        raise SystemExit(
            f"The JupyterLab panel is built with Node {wanted} or newer; this is {said}. Install a newer one,"
            " or install cloudshelf from a wheel, which has the panel built."
        )


if __name__ == "__main__":
    build("wheel", "editable")
