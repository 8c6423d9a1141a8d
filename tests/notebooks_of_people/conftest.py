"""Notebooks on the small shelf of tests/faces, and a real Jupyter server with jupyter-scheduler."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.faces.conftest import cloudshelf, settings, shelf  # noqa: F401  (fixtures)

RESTORE = "%load_ext cloudshelf\n%shelf sync --notebook"
SHOW = "import shelfone\nprint('version', shelfone.version)"


@pytest.fixture
def environ(settings):  # noqa: F811
    """The variables of a person who has this Python's scripts on PATH."""
    return settings | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{settings['PATH']}"}


@pytest.fixture
def make_notebook(tmp_path):
    """Writes a notebook with these code cells, as Jupyter writes it."""

    def make(name="report.ipynb", *cells):
        kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = new_notebook(
            cells=[new_code_cell(cell) for cell in cells or (RESTORE, SHOW)], metadata={"kernelspec": kernelspec}
        )
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return make


@pytest.fixture
def report(make_notebook, shelf, cloudshelf):  # noqa: F811
    """A notebook that carries shelfone 1.0."""
    path = make_notebook()
    cloudshelf("lock", "--notebook", path, "shelfone==1.0")
    return path


def shown(path):
    """What the cells of an executed notebook printed."""
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", ()))


def block_of(path):
    return json.loads(path.read_bytes())["metadata"]["cloudshelf"]


class Server:
    """A running Jupyter server; calling it asks its REST API."""

    def __init__(self, root, environ):
        self.root, self.token = root, "secret-of-the-test"
        words = [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.root_dir={root}"),
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            "--ServerApp.jpserver_extensions={'jupyter_scheduler': True}",
        ]
        self.process = subprocess.Popen(
            words, env=environ, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.runtime = f"{environ['HOME']}/.local/share/jupyter/runtime"
        self.url = self._url()

    def _url(self):
        """From the file that the server writes about itself; the suite's time limit ends this."""
        while True:
            assert self.process.poll() is None, self.process.stderr.read().decode()
            with contextlib.suppress(OSError, ValueError, KeyError):
                with open(f"{self.runtime}/jpserver-{self.process.pid}.json") as file:
                    url = json.load(file)["url"]
                self.url = url
                self("/api/status")
                return url
            time.sleep(0.1)

    def __call__(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url.rstrip('/')}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def close(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture
def server(tmp_path, environ):
    running = Server(tmp_path, environ)
    yield running
    running.close()
