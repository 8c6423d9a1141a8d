"""Builds of one version for different accelerators: the machine decides, says which, and can be overruled."""

import shutil
import subprocess
import tomllib

import pytest

from .conftest import make_wheel
from .test_kernel import Kernel

LABELS = ("cpu", "cu121")
CODE = "import engine; print(engine.build)"


@pytest.fixture(scope="module")
def engines(settings, cloudshelf, tmp_path_factory):
    """The settings of a shelf with two builds of engine 2.1.2."""
    folder = tmp_path_factory.mktemp("wheels")
    own = {"CLOUDSHELF_URL": f"file://{folder}/shelf", "CLOUDSHELF_CACHE": str(folder / "cache")}
    cloudshelf("init", **own)
    for label in LABELS:
        wheel = make_wheel(folder, "engine", f"2.1.2+{label}", {"engine.py": f"build = {label!r}\n"})
        cloudshelf("publish", "--no-deps", wheel, **own)
    return own


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """A folder with a driver that says CUDA 12.2: what ``libcuda.so.1`` answers, without a GPU."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "this test compiles a library of one function"
    folder = tmp_path_factory.mktemp("driver")
    source = folder / "cuda.c"
    source.write_text("int cuDriverGetVersion(int *version) { *version = 12020; return 0; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "libcuda.so.1", source], check=True)
    return {"LD_LIBRARY_PATH": str(folder)}


def run(cloudshelf, *words, **environ):
    return cloudshelf("run", *words, "--", "python", "-c", CODE, **environ)


def test_without_a_driver_the_build_for_the_processor_is_taken_and_it_says_so(engines, cloudshelf, tmp_path):
    shown = run(cloudshelf, "--with", "engine", **engines | {"CLOUDSHELF_CACHE": str(tmp_path)})
    assert shown.stdout == "cpu\n"
    assert shown.stderr == (
        "cloudshelf: engine 2.1.2+cpu was taken among its builds, because no NVIDIA or AMD driver is here. "
        "Another: engine==2.1.2+cu121\n"
    )


def test_with_a_driver_the_build_for_it_is_taken(engines, driver, cloudshelf, tmp_path):
    shown = run(cloudshelf, "--with", "engine", **engines | driver | {"CLOUDSHELF_CACHE": str(tmp_path)})
    assert (shown.stdout, "the NVIDIA driver here runs CUDA up to 12.2" in shown.stderr) == ("cu121\n", True)


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["--with", "engine", "--variant", "cu121"], {}),
        (["--with", "engine"], {"CLOUDSHELF_VARIANT": "cu121"}),
        (["--with", "engine==2.1.2+cu121"], {}),
    ],
)
def test_the_machine_can_be_overruled(engines, cloudshelf, tmp_path, words, environ):
    shown = run(cloudshelf, *words, **engines | environ | {"CLOUDSHELF_CACHE": str(tmp_path)})
    assert shown.stdout == "cu121\n"


def test_one_lock_serves_both_kinds_of_machines(engines, driver, cloudshelf, tmp_path):
    file = tmp_path / "pylock.toml"
    cloudshelf("lock", "engine", "--variant", "cpu", "--variant", "cu121", "-o", file, **engines)
    versions = [package["version"] for package in tomllib.loads(file.read_text())["packages"]]
    assert versions == ["2.1.2+cpu", "2.1.2+cu121"]
    mine = {name: engines | {"CLOUDSHELF_CACHE": str(tmp_path / name)} for name in ("cpu", "gpu", "third")}
    assert run(cloudshelf, "--lock", file, **mine["cpu"]).stdout == "cpu\n"
    assert run(cloudshelf, "--lock", file, **mine["gpu"] | driver).stdout == "cu121\n"
    assert run(cloudshelf, "--lock", file, "--variant", "cu121", **mine["third"]).stdout == "cu121\n"


def test_a_kernel_stays_with_what_was_asked_for(engines, settings):
    kernel = Kernel(settings | engines)
    try:
        kernel("%load_ext cloudshelf")
        shown = kernel("%shelf use engine")
        assert "Pinned: engine 2.1.2+cpu" in shown.text and "no NVIDIA or AMD driver is here" in shown.text
        shown = kernel("%shelf use engine --variant cu121")
        assert "engine 2.1.2+cpu → 2.1.2+cu121" in shown.text, shown.error
        assert kernel(CODE).text == "cu121\n"
    finally:
        kernel.stop()
