"""Running notebooks headless: for the demo, and to record the outputs that the tests compare with.

python tools/notebooks.py [NOTEBOOK...]      record outputs anew, on the demo's shelf
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from cloudshelf.verbs.common import person

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SHELF = ROOT / ".demo" / "shelf"


def kernel_environ(url: str, cache: Path) -> dict[str, str]:
    """The environment of a kernel that works with the shelf at ``url``; this Python's scripts come first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.startswith("CLOUDSHELF_")}
    # In a fresh IPython folder no profile of the user's changes what a cell prints.
    ipython = tempfile.mkdtemp(prefix="ipython-")
    return kept | {
        "CLOUDSHELF_URL": url,
        "CLOUDSHELF_CACHE": str(cache),
        "CLOUDSHELF_FETCHER_IDLE": "10",
        "CLOUDSHELF_OSV": "off",
        "IPYTHONDIR": ipython,
        "TQDM_DISABLE": "1",
        "PATH": path,
    }


def execute(path: Path, environ: dict[str, str], *, extra: str = "") -> tuple[NotebookNode, str]:
    """Run the notebook at ``path`` in a fresh kernel of this Python.

    Returns the notebook with its outputs and what the cell ``extra``, run last, printed. Raises
    nbclient.exceptions.CellExecutionError when a cell fails that should not.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    if extra:
        notebook.cells.append(nbformat.v4.new_code_cell(extra))  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
        manager = AsyncKernelManager(kernel_name="python3")
        assert manager.kernel_spec
        manager.kernel_spec.argv[0] = sys.executable
        client = NotebookClient(notebook, manager, timeout=300, resources={"metadata": {"path": folder}})
        client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # it warns of TCP, which stays on this machine here
        client.execute(env=environ)
    said = notebook.cells.pop().outputs if extra else []
    return notebook, "".join(o.get("text", "") for o in said)


def record(names: Sequence[str]) -> None:
    """Write the outputs of notebooks into their files, without the paths of this machine."""
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        for made in ("anything", "curator", "team"):  # by anything.ipynb, publish.ipynb, several_versions.ipynb
            shutil.rmtree(f"{SHELF}-{made}", ignore_errors=True)
        for number, path in enumerate([NOTEBOOKS / n for n in names] or sorted(NOTEBOOKS.glob("*.ipynb"))):
            notebook, _ = execute(path, kernel_environ(SHELF.as_uri(), Path(folder, str(number))))
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)
            if any("Traceback" in str(o.get("text", "")) for c in notebook.cells for o in c.get("outputs", ())):
                raise SystemExit(f"{path.name}: a command of it failed; nothing was recorded")
            text: str = nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call]
            text = text.replace(SHELF.as_uri(), "file:///shared/shelf").replace(person(), "you@laptop")
            path.write_text(text.replace(folder, "/home/you/.cache").replace(str(ROOT), "/home/you/cloudshelf"))
            print(f"recorded {path.relative_to(ROOT)}")


if __name__ == "__main__":
    record(sys.argv[1:])
