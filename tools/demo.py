"""``make demo``: from an empty folder to ``import pandas`` off an embedded shelf; ``--lab`` opens JupyterLab on it.

The shelf is a local folder, .demo/shelf. The notebook runs in a kernel of this Python, which has none of the published
distributions installed; the cache is empty, so every number is that of a first time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from nbformat import NotebookNode

from cloudshelf.shelf import Shelf

sys.path.insert(0, str(Path(__file__).parent))
from notebooks import NOTEBOOKS, ROOT, SHELF, execute, kernel_environ

FOLDER = ROOT / ".demo"
DEMO = ("numpy", "pandas", "matplotlib")
LAB = (*DEMO, "scikit-learn", "humanize==4.9.0", "humanize==4.12.0")
MODULES = ("numpy", "pandas", "matplotlib", "sklearn", "humanize")

# The cache began empty, so all that the fetcher counts is of this notebook: one row for each time its pins grew.
_REPORT = """
import json
import cloudshelf
from cloudshelf.importing.client import call
print(json.dumps(cloudshelf.status() | {"counted": list(call("statistics", {})["environments"].values())}))
"""


def main() -> int:
    present = [name for name in MODULES if importlib.util.find_spec(name)]
    if present:
        print(f"This Python has {', '.join(present)} installed, so it would prove nothing: make clean, then make demo")
        return 1
    lab = "--lab" in sys.argv[1:]
    url = SHELF.as_uri()
    _publish(url, LAB if lab else DEMO)
    return _open_lab(url) if lab else _run_quickstart(url)


def _publish(url: str, requirements: tuple[str, ...]) -> None:
    """Create the shelf where there is none, and put ``requirements`` on it; what is there is not uploaded again."""
    if not (SHELF / "shelf.json").exists():
        _say(f"cloudshelf init {url}")
        _cloudshelf("init", url, "--name", "demo")
    versions = [r for r in requirements if "==" in r]
    plain = [r for r in requirements if "==" not in r]
    for batch in (plain, *([v] for v in versions)):  # two versions of one project are two requests to pip
        if batch:
            _say(f"cloudshelf publish {' '.join(batch)}")
            _cloudshelf("publish", "--shelf", url, *batch)


def _run_quickstart(url: str) -> int:
    cache = FOLDER / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    _say("run notebooks/quickstart.ipynb in a kernel without " + ", ".join(DEMO))
    started = time.monotonic()
    # The background brings the rest within a second here, and what the imports needed could not be told from it.
    environ = kernel_environ(url, cache) | {"CLOUDSHELF_BACKGROUND_FILL": "0"}
    notebook, said = execute(NOTEBOOKS / "quickstart.ipynb", environ, extra=_REPORT)
    status = json.loads(said)
    print(f"\nThe notebook ran in {time.monotonic() - started:.1f} s, the start of its kernel included.\n")
    print("pinned:")
    for pin in status["pins"]:
        print(f"  {pin['project']:18} {pin['version']}")
    requests = sum(_count(each["requests"]) for each in status["counted"])
    received = sum(each["bytes"] for each in status["counted"])
    print(f"\nfetched:      {_size(received)} of {_size(_packed(url, status['pins']))}, with {requests} requests")
    print("              (the rest follows in the background, which is off here to be left out of the count)")
    print(f"first import: {_wall_time(notebook)} for pandas, from an empty cache")
    return 0


def _count(requests: int | dict[str, int]) -> int:
    return sum(requests.values()) if isinstance(requests, dict) else requests


def _packed(url: str, pins: list[dict[str, str]]) -> int:
    """How many bytes the shelf holds of ``pins``, compressed as they are fetched."""
    shelf = Shelf.open(url)
    shown = [shelf.show(f"{pin['project']}=={pin['version']}") for pin in pins]
    return sum(wheel.packed for each in shown for wheel in each.wheels)


def _wall_time(notebook: NotebookNode) -> str:
    """What ``%time import pandas`` printed in the kernel."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for line in str(output.get("text", "")).splitlines():
                if line.startswith("Wall time:"):
                    return line.removeprefix("Wall time:").strip()
    raise SystemExit("The notebook has no timed import")


def _open_lab(url: str) -> int:
    environ = kernel_environ(url, FOLDER / "cache")
    del environ["TQDM_DISABLE"]
    command = [sys.executable, "-m", "jupyter", "lab", str(NOTEBOOKS / "quickstart.ipynb")]
    if os.geteuid() == 0:  # a container's usual user, whom Jupyter refuses otherwise; it listens on this machine alone
        command.append("--allow-root")
    return subprocess.run(command, env=environ, cwd=ROOT).returncode


def _cloudshelf(*words: str) -> None:
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-m", "cloudshelf", *words], env=environ)
    if done.returncode:
        raise SystemExit(done.returncode)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _say(line: str) -> None:
    print(f"\n$ {line}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
