"""What ``pip install`` of the wheel gives: both halves of the panel, enabled; nobody needs Node but who builds it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PANEL = "share/jupyter/labextensions/cloudshelf"

pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(1800)]


def run(*words: str | Path, cwd: Path = ROOT, environ: Mapping[str, str] | None = None) -> str:
    """What a command that must work prints, without its colours."""
    done = _run(*words, cwd=cwd, environ=environ)
    assert done.returncode == 0, done.stdout
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def _run(
    *words: str | Path, cwd: Path = ROOT, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=dict(os.environ if environ is None else environ),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def build(source: Path, target: Path, *, environ: Mapping[str, str] | None = None) -> Path:
    """The wheel of a source tree, built by this environment's own tools."""
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", target)
    run(sys.executable, "-m", "pip", "wheel", *options, source, environ=environ)
    (wheel,) = target.glob("cloudshelf-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source archive, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    (archive,) = folder.glob("cloudshelf-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


@pytest.fixture
def without_node(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has this Python's tools and no Node."""
    home = tmp_path / "home"
    home.mkdir()
    return {**os.environ, "HOME": str(home), "PATH": str(BIN)}


def test_after_nothing_but_pip_install_both_halves_are_enabled(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[jupyter]")
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON", "XDG_", "CLOUDSHELF"))}
    environ = {**keep, "HOME": str(tmp_path), "PATH": f"{environment / 'bin'}:/usr/bin:/bin"}

    servers = run(environment / "bin/jupyter", "server", "extension", "list", cwd=tmp_path, environ=environ)
    panels = run(environment / "bin/jupyter", "labextension", "list", cwd=tmp_path, environ=environ)

    assert re.search(r"^ *cloudshelf_jupyter +enabled$", servers, re.MULTILINE), servers
    assert re.search(r"cloudshelf_jupyter .*OK$", servers, re.MULTILINE), servers
    assert re.search(r"^ *cloudshelf v\S+ enabled +OK", panels, re.MULTILINE), panels


def test_the_wheel_has_the_panel_once_and_none_of_its_sources(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = next(name.split("/")[0] for name in names if ".data/" in name)

    assert f"{data}/data/{PANEL}/package.json" in names
    assert f"{data}/data/{PANEL}/install.json" in names
    assert f"{data}/data/{PANEL}/schemas/cloudshelf/panel.json" in names
    assert f"{data}/data/etc/jupyter/jupyter_server_config.d/cloudshelf.json" in names
    assert "cloudshelf.pth" in names
    assert not [name for name in names if name.startswith(("labextension/", "cloudshelf_jupyter/labextension/"))]
    assert not [name for name in names if "node_modules" in name]


def test_the_source_archive_has_what_builds_the_panel_and_no_more(sources: Path) -> None:
    assert (sources / "cloudshelf_jupyter/labextension/package.json").is_file()
    assert (sources / "labextension/src/index.ts").is_file()
    assert (sources / "labextension/package-lock.json").is_file()
    assert not (sources / "labextension/node_modules").exists()
    assert not (sources / "labextension/lib").exists()


def test_a_source_archive_becomes_the_same_wheel_without_node(
    wheel: Path, sources: Path, tmp_path: Path, without_node: dict[str, str]
) -> None:
    again = build(sources, tmp_path / "wheels", environ=without_node)

    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_who_builds_the_panel_without_node_is_told_what_to_do(
    sources: Path, tmp_path: Path, without_node: dict[str, str]
) -> None:
    bare = tmp_path / "bare"
    run("cp", "-r", sources, bare)
    run("rm", "-r", bare / "cloudshelf_jupyter/labextension")

    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path)
    done = _run(sys.executable, "-m", "pip", "wheel", *options, bare, environ=without_node)

    assert done.returncode != 0
    assert "The JupyterLab panel is built with Node 20.19 or newer, and no `node` or no `npm` is on the PATH." in (
        done.stdout
    )
    assert "Traceback" not in done.stdout


def test_the_lock_of_the_panels_build_names_no_download_address() -> None:
    assert '"resolved"' not in (ROOT / "labextension/package-lock.json").read_text()
