"""Small shelves that tests of the browser may change: each test that needs one makes its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faces.conftest import make_wheel

README = """# Fine heading

A *word*, a [link](https://example.org/elsewhere) and `code`.

<script>window.hacked = "script"</script>
<img src="x" onerror="window.hacked = 'onerror'">
<svg onload="window.hacked = 'svg'"></svg>
<form action="https://example.org/steal"><input name="password"><button>Send</button></form>
<iframe src="javascript:window.parent.hacked='frame'"></iframe>
<a href="javascript:window.hacked='href'">press me</a>
<a href="data:text/html,<script>parent.hacked=1</script>">or me</a>
[markdown](javascript:window.hacked='markdown')
![remote](https://example.org/pixel.png)
<img src="https://example.org/pixel2.png">
<div id="main" style="position:fixed;inset:0;background:url(https://example.org/style.png)">over everything</div>
<a id="jupyter-config-data" name="body">clobbered</a>
<style>body { background: url(https://example.org/css.png) }</style>
<meta http-equiv="refresh" content="0;url=https://example.org/">
<base href="https://example.org/">

The end.
"""
ODD_VERSION = "1!2.0+odd.1"
ODD_FILES = (
    "odd/data/a b#c?d&e=f.txt",
    "odd/data/100%25 2f %2e%2e%2f.txt",
    "odd/data/ünïcode-文件.txt",
    "odd/data/<img src=x onerror=window.hacked=1>.txt",
    "odd/data/\"double\" 'single'.txt",
)


@dataclass
class SmallShelf:
    """A shelf and the curator's command for it."""

    url: str
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def cloudshelf(self, *words: object) -> str:
        """``cloudshelf words`` as the curator; it has to end well."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_"))}
        own = {
            "CLOUDSHELF_URL": self.url,
            "CLOUDSHELF_CACHE": str(self.folder / "curator"),
            "CLOUDSHELF_CONFIG": os.devnull,
            "CLOUDSHELF_FETCHER_IDLE": "1",
            "HOME": str(self.folder),
        }
        done = subprocess.run(
            [sys.executable, "-m", "cloudshelf", *map(str, words)],
            env=kept | own | dict(self.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def publish(self, name: str, version: str, modules: Mapping[str, str], **facts: object) -> None:
        """Make a wheel of ``modules`` and publish it."""
        wheels = self.folder / "wheels"
        wheels.mkdir(exist_ok=True)
        self.cloudshelf("publish", "--no-deps", make_wheel(wheels, name, version, modules, **facts))


def make_small(folder: Path, url: str = "", **environ: str) -> SmallShelf:
    """shelfone 1.0 (the default) and 2.0 with a README and a notebook, and shelftwo that needs it."""
    shelf = SmallShelf(url or (folder / "shelf").as_uri(), folder, environ)
    shelf.cloudshelf("init", "--name", "small")
    for version in ("1.0", "2.0"):
        shelf.publish("shelfone", version, _one(version), more=_readme(f"# Shelfone {version}\n\nWhat it is for.\n"))
    shelf.publish("shelftwo", "1.0", {"shelftwo.py": "import shelfone\n"}, requires=["shelfone>=1"])
    return shelf


def publish_hostile(shelf: SmallShelf) -> None:
    """A project whose README attacks, and one with odd names."""
    shelf.publish("hostile", "1.0", {"hostile.py": "x = 1\n"}, more=_readme(README))
    shelf.publish("odd", ODD_VERSION, {"odd/__init__.py": "", **dict.fromkeys(ODD_FILES, "odd content\n")})


def _one(version: str) -> dict[str, str]:
    return {
        "shelfone/__init__.py": f"version = {version!r}\n",
        "shelfone/late.py": "x = 1\n",
        "shelfone/table.csv": "a,b\n1,2\n",
        "shelfone/example.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    }


def _readme(text: str) -> str:
    return f"License-Expression: MIT\nDescription-Content-Type: text/markdown\n\n{text}"
