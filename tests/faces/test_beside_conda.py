"""Beside conda: what it installs goes into the prefix that is active, and never into an environment of ours."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conda import make_channel, make_prefix

from .conftest import make_wheel
from .test_kernel import Kernel

SITE = f"lib/python{sysconfig.get_python_version()}/site-packages"
INSTALLED = {
    f"{SITE}/shelfconda.py": "version = 'of conda'\n",
    f"{SITE}/shelfone/__init__.py": "version = 'of conda'\n",
    f"{SITE}/shelfone-9.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shelfone\nVersion: 9.0\n",
    f"{SITE}/shelfone-9.0.dist-info/INSTALLER": "conda\n",
}


@pytest.fixture
def prefix(tmp_path):
    """An environment of conda with a Python, which sees what this one has installed."""
    folder = tmp_path / "prefix"
    make_prefix(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (folder / SITE / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return folder


@pytest.fixture(params=["rattler", "conda"])
def active(request, settings, prefix, tmp_path):
    """The variables of a terminal in which ``conda activate`` was said; ``conda`` is on its PATH."""
    channel = make_channel(tmp_path / "channel", "shelfconda", "1.0", INSTALLED)
    (tmp_path / "bin").mkdir()
    conda = tmp_path / "bin" / "conda"
    if request.param == "rattler":
        root = Path(__file__).parents[2]
        conda.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m tests.conda "$@"\n')
        conda.chmod(0o755)
    elif real := shutil.which("conda"):
        conda.symlink_to(real)
    else:
        pytest.skip("no conda on PATH")
    (tmp_path / "condarc").write_text(f"channels: [{channel}]\noffline: true\npkgs_dirs: [{tmp_path}/pkgs]\n")
    return settings | {
        "CLOUDSHELF_CACHE": str(tmp_path / "cache"),
        "CONDA_CHANNEL": channel,
        "CONDA_EXE": str(conda),
        "CONDA_PREFIX": str(prefix),
        "CONDA_SHLVL": "1",
        "CONDA_DEFAULT_ENV": str(prefix),
        "CONDARC": str(tmp_path / "condarc"),
        "PATH": os.pathsep.join([str(prefix / "bin"), str(tmp_path / "bin"), settings["PATH"]]),
    }


def content_of(folder):
    """Every file of the environments in a cache, but for what Python and the fetcher write there."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted((folder / "environments").rglob("*"))
        if not {"__pycache__", "staging", "presence", "users"} & set(path.parts)
    }


def test_conda_in_a_kernel_installs_into_the_active_prefix_and_what_is_hidden_is_told(shelf, active, prefix, tmp_path):
    kernel = Kernel(active, python=prefix / "bin" / "python")
    try:
        variables = "import os; print({k: v for k, v in os.environ.items() if k.startswith('CONDA')})"
        before = kernel(variables).text
        kernel("%load_ext cloudshelf")
        kernel("%shelf use shelfone==1.0 shelfscript")
        kernel("%shelf fill")
        sealed = content_of(tmp_path / "cache")
        assert kernel(variables).text == before
        shown = kernel("%conda install shelfconda")
        assert (prefix / SITE / "shelfconda.py").is_file(), shown.text
        assert f"shelfone 1.0 of the shelf comes first, since it is pinned; 9.0 is installed in {prefix}" in shown.text
        assert content_of(tmp_path / "cache") == sealed
        assert kernel("import shelfconda; print(shelfconda.version)").text == "of conda\n"
        assert kernel("import shelfone; print(shelfone.version)").text == "1.0\n"
    finally:
        kernel.stop()


def test_conda_in_a_run_installs_into_the_active_prefix(shelf, active, cloudshelf, prefix, tmp_path):
    cloudshelf("run", "--fill", "--with", "shelfone==1.0", "--", "python", "-c", "", **active)
    before = content_of(tmp_path / "cache")
    cloudshelf("run", "--with", "shelfone==1.0", "--", "conda", "install", "--yes", "shelfconda", **active)
    assert (prefix / SITE / "shelfconda.py").is_file()
    assert content_of(tmp_path / "cache") == before


def test_conda_refuses_an_environment_of_ours(shelf, active, cloudshelf, tmp_path):
    shown = cloudshelf(
        *("run", "--fill", "--with", "shelfone", "--", "python", "-c", "import sys; print(sys.prefix)"), **active
    )
    before = content_of(tmp_path / "cache")
    words = [active["CONDA_EXE"], "install", "--yes", "--prefix", shown.stdout.strip(), "shelfconda"]
    done = subprocess.run(words, env=active, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "not a conda environment" in done.stderr.lower()
    assert content_of(tmp_path / "cache") == before


def test_what_a_wheel_brings_makes_no_environment_of_conda(shelf, cloudshelf, tmp_path):
    """The data of a wheel may go anywhere below the prefix, to conda-meta/history, too."""
    wheel = make_wheel(tmp_path, "metaone", "1.0", {"metaone-1.0.data/data/conda-meta/history": "", "meta.py": ""})
    cloudshelf("publish", "--no-deps", wheel)
    code = "import meta, sys; print(sys.prefix)"
    cache = str(tmp_path / "cache")
    shown = cloudshelf("run", "--fill", "--with", "metaone", "--", "python", "-c", code, CLOUDSHELF_CACHE=cache)
    assert not Path(shown.stdout.strip(), "conda-meta").exists()
