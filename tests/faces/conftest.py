"""A small real shelf of hand-made wheels, and kernels that work with it."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def make_wheel(folder, name, version, modules, requires=(), scripts=(), more=""):
    """A wheel file with ``modules`` (path → text), written by hand so that nothing has to be built.

    ``more`` follows in METADATA: further fields, an empty line, a README.
    """
    info = f"{name}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: The {name} of the tests"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    files = dict(modules)
    files[f"{info}/METADATA"] = "\n".join(lines) + "\n" + more
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        files[f"{info}/entry_points.txt"] = "[console_scripts]\n" + "\n".join(scripts) + "\n"
    record = "".join(f"{path},{_hash(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    wheel = Path(folder) / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def _hash(text):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """Environment variables of a user with an empty cache and no settings but those of this test."""
    folder = tmp_path_factory.mktemp("faces")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH"))}
    home = folder / "home"
    home.mkdir()
    return kept | {
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_URL": f"file://{folder / 'shelf'}",
        "CLOUDSHELF_CONFIG": os.devnull,
        "CLOUDSHELF_FETCHER_IDLE": "5",
        "XDG_RUNTIME_DIR": str(_private(folder / "run")),
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_NO_CONFIG": "1",
    }


def _private(folder):
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def cloudshelf(settings):
    """Runs the command in a process of its own."""

    def run(*words, code=0, **environ):
        process = subprocess.run(
            [sys.executable, "-m", "cloudshelf", *map(str, words)],
            env=settings | environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=settings["HOME"],
        )
        assert process.returncode == code, f"{words}: {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process

    return run


@pytest.fixture(scope="session")
def shelf(settings, cloudshelf, tmp_path_factory):
    """The shelf of most tests, which may add to it; see ``publish_small``."""
    publish_small(cloudshelf, tmp_path_factory.mktemp("wheels"))
    return settings["CLOUDSHELF_URL"]


def publish_small(cloudshelf, folder, **environ):
    """A shelf: shelfone (1.0 the default, 2.0), shelftwo that needs it, shelfscript with a console script."""
    cloudshelf("init", **environ)
    one = "version = {!r}\n"
    wheels = [
        make_wheel(folder, "shelfone", "1.0", {"shelfone/__init__.py": one.format("1.0"), "shelfone/late.py": "x=1\n"}),
        make_wheel(folder, "shelfone", "2.0", {"shelfone/__init__.py": one.format("2.0")}),
        make_wheel(folder, "shelftwo", "1.0", {"shelftwo.py": "import shelfone\n"}, requires=["shelfone>=1"]),
        make_wheel(
            folder,
            "shelfscript",
            "1.0",
            {"shelfscript.py": "def main():\n    print('from the script')\n"},
            scripts=["shelfsay = shelfscript:main"],
        ),
    ]
    for wheel in wheels:
        cloudshelf("publish", "--no-deps", wheel, **environ)
