"""The notebooks do what they show: each is run by nbval on an embedded shelf and on SeaweedFS."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import S3Server

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("module", ["numpy", "pandas", "matplotlib", "sklearn", "humanize"])
def test_the_kernel_has_not_installed(module: str) -> None:
    assert importlib.util.find_spec(module) is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_were_recorded(notebook: Path) -> None:
    """nbval compares nothing where a notebook shows nothing; record with: python tools/notebooks.py"""
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    assert "Traceback" not in json.dumps([cell["outputs"] for cell in cells])


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("store", ["embedded", "seaweedfs"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_prints_what_it_shows(
    notebook: Path, store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environ = _shelf_environ(store, request)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--nbval", "--nbval-current-env", f"--nbval-sanitize-with={Path(__file__).with_name('sanitize.cfg')}"),
            *("--nbval-cell-timeout=300", "--rootdir", str(tmp_path), str(notebook)),
        ],
        env=_kernel_environ(environ, tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _shelf_environ(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """What a kernel needs to know of the shelf in ``store``."""
    if store == "embedded":
        shelf: Path = request.getfixturevalue("published_shelf")
        return {"CLOUDSHELF_URL": shelf.as_uri()}
    server: S3Server = request.getfixturevalue("seaweed_server")
    return {"CLOUDSHELF_URL": request.getfixturevalue("published_on_seaweed")} | server.environ()


def _kernel_environ(environ: dict[str, str], folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF_", "AWS_", "PYTEST_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    own = {
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_FETCHER_IDLE": "5",
        "CLOUDSHELF_OSV": "off",  # what is known of a version changes, and takes a network
        "IPYTHONDIR": str(folder / "ipython"),
        "TQDM_DISABLE": "1",  # whether a bar is shown depends on how fast the machine is
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return kept | own | environ
