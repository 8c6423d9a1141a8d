"""Beside pip and uv in one kernel: they write into no environment of ours, and what they say is true or explained."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .conftest import make_wheel
from .test_kernel import Kernel

UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def own_python(tmp_path):
    """A Python whose site-packages may be written: it sees what this one has installed."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    (site / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return folder / "bin" / "python", site


@pytest.fixture
def kernel(shelf, settings, own_python, tmp_path):
    cache = tmp_path / "cache"
    kernel = Kernel(settings | {"CLOUDSHELF_CACHE": str(cache)}, python=own_python[0])
    assert kernel("%load_ext cloudshelf").error is None
    yield kernel
    kernel.stop()


UV_INSTALL = ["pip", "install", "--no-index", "--no-deps"]


def make_other(folder):
    return make_wheel(folder, "shelfother", "1.0", {"shelfother.py": "version = 1\n"})


def environments(tmp_path):
    """Every file of the environments off the shelf."""
    found = (tmp_path / "cache" / "environments").rglob("*")
    return {path for path in found if "__pycache__" not in path.parts and ".cloudshelf" not in path.parts}


@pytest.mark.parametrize(
    "command",
    [
        "%pip install --no-index --no-deps {wheel}",
        "!{uv} pip install --python {python} --no-index --no-deps {wheel}",
        "!VIRTUAL_ENV={venv} {uv} pip install --no-index --no-deps {wheel}",
        "%uv pip install --python {python} --no-index --no-deps {wheel}",
    ],
    ids=["pip", "uv by its python", "uv in an activated environment", "IPython's uv"],
)
def test_what_is_installed_goes_to_the_kernels_python_and_what_a_pin_hides_is_told(
    kernel, own_python, tmp_path, command
):
    python, site = own_python
    kernel("%shelf use shelfone==1.0")
    kernel("%shelf fill")
    before = environments(tmp_path)
    wheel = make_wheel(tmp_path, "shelfone", "9.0", {"shelfone/__init__.py": "version = '9.0'\n"})
    shown = kernel(command.format(wheel=wheel, python=python, venv=python.parents[1], uv=UV))
    assert (
        f"shelfone 1.0 of the shelf comes first, since it is pinned; 9.0 is installed in {site}. "
        "To import the installed one: %shelf drop shelfone" in shown.text
    ), shown.text + str(shown.error)
    assert (site / "shelfone-9.0.dist-info").is_dir()
    assert environments(tmp_path) == before
    assert "1.0 of the shelf comes first" in kernel("%shelf doctor").text
    assert kernel("import shelfone; print(shelfone.version)").text == "1.0\n"
    assert kernel("%shelf").text.count("comes first") == 0


def test_uv_finds_no_environment_of_ours_from_a_python_that_is_no_venv(shelf, settings, tmp_path):
    """As in most images: the first Python on PATH is this one, and uv looks no further."""
    words = [str(UV), *UV_INSTALL, str(make_other(tmp_path))]
    code = (
        "import subprocess, cloudshelf; cloudshelf.use('shelfone==1.0')\n"
        f"done = subprocess.run({words}, capture_output=True, text=True)\n"
        "print(done.returncode, done.stderr)"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), sysconfig.get_path("purelib")])
    environ = settings | {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "PATH": os.defpath, "PYTHONPATH": path}
    base = sys._base_executable
    shown = subprocess.run([base, "-c", code], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert shown.stdout.startswith("2 error: No virtual environment found"), shown.stdout + shown.stderr
    assert not [path for path in environments(tmp_path) if "shelfother" in path.name]


@pytest.mark.parametrize("word", ["install", "uninstall"])
def test_uv_finds_no_environment_of_ours_in_a_run(shelf, cloudshelf, tmp_path, word):
    what = ["--no-index", make_other(tmp_path)] if word == "install" else ["shelfone"]
    words = ("run", "--with", "shelfone", "--", UV, "pip", word, *what)
    cache = str(tmp_path / "cache")
    cloudshelf("run", "--fill", "--with", "shelfone", "--", "python", "-c", "", CLOUDSHELF_CACHE=cache)
    before = environments(tmp_path)
    shown = cloudshelf(*words, code=2, CLOUDSHELF_CACHE=cache, PATH=os.defpath)
    assert "No virtual environment found; run `uv venv` to create an environment" in shown.stderr
    assert environments(tmp_path) == before


def test_in_a_run_pip_and_uv_write_where_they_would_without_it(shelf, cloudshelf, own_python, tmp_path):
    wheel, cache = make_other(tmp_path), str(tmp_path / "cache")
    python, site = own_python
    run = ("run", "--with", "shelfone", "--")
    pip = (python, "-m", "pip", "install", "--quiet", "--no-index", wheel)
    cloudshelf(*run, *pip, CLOUDSHELF_CACHE=cache)
    assert (site / "shelfother.py").is_file()
    script = f"cd {tmp_path} && {UV} venv --quiet .venv && {UV} {' '.join(UV_INSTALL)} --quiet {wheel}"
    cloudshelf(*run, "sh", "-c", script, CLOUDSHELF_CACHE=cache, PATH=os.defpath)
    assert list(tmp_path.glob(".venv/lib/*/site-packages/shelfother.py"))
    assert not [path for path in environments(tmp_path) if "shelfother" in path.name]


def test_already_satisfied_is_true(kernel):
    kernel("%shelf use shelfone==2.0")
    assert "Requirement already satisfied: shelfone" in kernel("%pip install --no-index shelfone").text
    assert kernel("import shelfone; print(shelfone.version)").text == "2.0\n"


def test_an_install_that_no_pin_hides_is_not_commented(kernel, tmp_path):
    kernel("%shelf use shelfone==1.0")
    wheel = make_other(tmp_path)
    shown = kernel(f"%pip install --no-index --no-deps {wheel}")
    assert "Successfully installed shelfother-1.0" in shown.text and "comes first" not in shown.text
    assert kernel("import shelfother; print(shelfother.version)").text == "1\n"


@pytest.fixture(params=["an editable checkout", "a file by its URL"])
def checkout(request, tmp_path, own_python):
    """shelfone 1.5 in the kernel's Python, as pip installs what it is not told the name of (PEP 660, PEP 610)."""
    source = tmp_path / "checkout"
    (source / "shelfone").mkdir(parents=True)
    text = "version = '1.5 of the checkout'\n"
    (source / "shelfone" / "__init__.py").write_text(text)
    (source / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
        "[project]\nname = 'shelfone'\nversion = '1.5'\n"
    )
    if request.param == "an editable checkout":
        what = ["--editable", str(source)]
    else:
        what = [make_wheel(tmp_path, "shelfone", "1.5", {"shelfone/__init__.py": text}).as_uri()]
    words = ["-m", "pip", "install", "--quiet", "--no-deps", *what]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLOUDSHELF")}
    subprocess.run([own_python[0], *words], check=True, env=environ, timeout=300)
    return source


def test_what_was_installed_from_a_place_is_shadowed_only_when_that_is_asked_for(
    checkout, shelf, settings, own_python, tmp_path
):
    kernel = Kernel(settings | {"CLOUDSHELF_CACHE": str(tmp_path / "cache")}, python=own_python[0])
    try:
        kernel("%load_ext cloudshelf")
        shown = kernel("%shelf use shelftwo")  # which needs shelfone
        assert (
            "shelfone 1.5 is an editable or direct-URL install here; it stays in front. "
            "The shelf's instead: %shelf use --shadow shelfone" in shown.text
        ), shown.error
        assert "comes first; only --shadow changes that" in kernel("%shelf doctor").text
        shown = kernel("%shelf use shelfone==2.0")
        assert (
            "shelfone 1.5 here is an editable or direct-URL install, which is not shadowed unasked, so it cannot "
            "become 2.0. To put the shelf's in front of it: %shelf use --shadow shelfone==2.0" in shown.error
        )
        assert "Pinned: shelfone 2.0" in kernel("%shelf use --shadow shelfone==2.0").text
        kernel("%shelf use shelfscript")
        assert kernel("import shelftwo, shelfone; print(shelfone.version)").text == "2.0\n"
    finally:
        kernel.stop()


def test_what_was_installed_from_a_place_is_what_an_import_gets(checkout, kernel):
    kernel("%shelf use shelftwo")
    assert kernel("import shelftwo, shelfone; print(shelfone.version)").text == "1.5 of the checkout\n"
