"""A real JupyterLab on 127.0.0.1, with folders of its own; kernels for it: Python, another language, one that dies."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

START_SECONDS = 120.0
_KERNELS = Path(__file__).parent / "kernels"
_QUIET = {  # nothing that looks for news in the network, or asks about it
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
_OTHERS = {
    "disabledExtensions": {"@jupyterlab/scheduler": True},  # it does not start in Notebook 7
    "buildAvailable": False,  # each page would run yarn twice, to learn whether Lab itself could be built anew
    "buildCheck": False,
}


@dataclass
class Lab:
    """A running server. ``root`` holds its notebooks; ``settings`` are the user's, which pages read when they load."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str
    token: str
    environ: Mapping[str, str]
    labels: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    @property
    def root(self) -> Path:
        return self.folder / "notebooks"

    def ask(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """What the server's REST API answers; raises urllib.error.HTTPError for its errors."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}", data, {"Authorization": f"token {self.token}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def page(self, path: str, workspace: str) -> str:
        """The address of Lab on the notebook ``path`` in a workspace of its own."""
        return f"{self.url}/lab/workspaces/{workspace}/tree/{quote(path)}?token={self.token}"

    def notebook(self, path: str, *cells: str, kernel: str = "python3", **metadata: object) -> str:
        """Write a notebook with code cells; its path as Lab knows it."""
        spec = {"name": kernel, "display_name": kernel, "language": "python"}
        content = new_notebook(cells=[new_code_cell(c) for c in cells], metadata={"kernelspec": spec, **metadata})
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, file)
        return path

    def lock_in(self, path: str) -> str:
        """The lock in the notebook's file; empty while there is none, and while the file is being written."""
        try:
            metadata = json.loads((self.root / path).read_text())["metadata"]
        except ValueError:
            return ""
        return "".join(metadata["cloudshelf"]["lock"]) if "cloudshelf" in metadata else ""

    def python(self, *, loaded: bool = True, subshells: bool = True, **environ: str) -> str:
        """The name of a new Python kernel with an empty cache, the extension ``loaded`` or not."""
        name = f"python-{next(self.labels)}"
        cache = self.folder / "caches" / name
        words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        if loaded:
            words.append("--ext=cloudshelf")
        if not subshells:  # as kernels were before ipykernel 7
            words[1:3] = [str(_KERNELS / "single.py")]
        return self._kernel(name, words, "python", {"CLOUDSHELF_CACHE": str(cache), **environ})

    def other(self, program: str, language: str) -> str:
        """The name of a kernel that runs ``program`` of the folder kernels/."""
        name = f"{language}-{next(self.labels)}"
        words = [sys.executable, str(_KERNELS / program), "-f", "{connection_file}"]
        return self._kernel(name, words, language, {"TEST_FOLDER": str(self.folder)})

    def _kernel(self, name: str, words: Sequence[str], language: str, environ: Mapping[str, str]) -> str:
        spec = {
            "argv": words,
            "display_name": name,
            "language": language,
            "env": environ,
            "metadata": {"supported_features": ["kernel subshells"]} if language == "python" else {},
        }
        file = self.folder / "data" / "kernels" / name / "kernel.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(spec))
        return name

    def kernel_of(self, path: str) -> str:
        """The id of the kernel of the notebook ``path``."""
        found = [each["kernel"]["id"] for each in self.ask("/api/sessions") if each["path"] == path]
        assert len(found) == 1, f"{path} has {len(found)} kernels"
        return str(found[0])

    def kill_kernel(self, path: str) -> None:
        """SIGKILL for the process of the notebook's kernel, as the system does when memory ends."""
        words = self.kernel_of(path).encode()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and words in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)

    def stop_kernels(self) -> None:
        """End the kernels of a test that is over."""
        for session in self.ask("/api/sessions"):
            with contextlib.suppress(HTTPError):
                self.ask(f"/api/sessions/{session['id']}", method="DELETE")

    def user_settings(self, plugin: str, values: Mapping[str, object]) -> None:
        """What the user has set, such as the theme; the next page that loads has it."""
        file = self.folder / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def theme(self, name: str) -> None:
        self.user_settings("@jupyterlab/apputils-extension/themes", {"theme": name})

    @property
    def said(self) -> str:
        """What the server has logged."""
        return (self.folder / "log.txt").read_text(errors="replace")


@contextlib.contextmanager
def running_lab(
    folder: Path, environ: Mapping[str, str], *options: str, program: str = "lab", start: float = START_SECONDS
) -> Iterator[Lab]:
    """JupyterLab (or ``program="notebook"``) in ``folder``, with ``environ`` for it and its kernels."""
    token = secrets.token_hex(16)
    for plugin, values in _QUIET.items():
        file = folder / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    (_made(folder / "config" / "labconfig") / "page_config.json").write_text(json.dumps(_OTHERS))
    words = [
        *(sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--IdentityProvider.token={token}"),
        f"--ServerApp.root_dir={_made(folder / 'notebooks')}",
        *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        *("--KernelRestarter.restart_limit=1", "--KernelRestarter.time_to_dead=0.5"),
        *options,
    ]
    own = isolated(folder) | environ
    with (
        open(folder / "log.txt", "wb") as log,
        subprocess.Popen(
            words, cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            url = _address(process, folder, start)
            yield Lab(process, folder, url, token, own)
        finally:
            process.send_signal(signal.SIGTERM)  # its kernels end with it
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def isolated(folder: Path) -> dict[str, str]:
    """The variables of a person on this machine without settings; every folder that something writes is theirs."""
    gone = ("CLOUDSHELF_", "AWS_", "XDG_", "JUPYTER", "IPYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(gone) and k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(_made(folder / "home")),
        "XDG_RUNTIME_DIR": str(_made(folder / "run")),
        "JUPYTER_CONFIG_DIR": str(_made(folder / "config")),
        "JUPYTER_DATA_DIR": str(_made(folder / "data")),
        "JUPYTER_RUNTIME_DIR": str(_made(folder / "runtime")),
        "JUPYTERLAB_SETTINGS_DIR": str(_made(folder / "settings")),
        "JUPYTERLAB_WORKSPACES_DIR": str(_made(folder / "workspaces")),
        "IPYTHONDIR": str(_made(folder / "ipython")),
        "CLOUDSHELF_CACHE": str(_made(folder / "cache")),
        "CLOUDSHELF_CONFIG": os.devnull,
        "CLOUDSHELF_FETCHER_IDLE": "5",
    }


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _address(process: subprocess.Popen[bytes], folder: Path, seconds: float) -> str:
    """Where the server listens, from the file that it writes; once it answers."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        for file in (folder / "runtime").glob(f"jpserver-{process.pid}.json"):
            with contextlib.suppress(URLError, OSError, ValueError):
                facts = json.loads(file.read_text())
                url = f"http://127.0.0.1:{facts['port']}"
                urllib.request.urlopen(f"{url}/api/status?token={facts['token']}", timeout=30).close()
                return url
        time.sleep(0.1)
    raise RuntimeError(f"Jupyter did not start: {(folder / 'log.txt').read_text(errors='replace')[-3000:]}")
