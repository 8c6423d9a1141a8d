"""cloudshelf kernelspec: Jupyter kernels that start with a lock, on a machine that has never seen it too."""

import json
import os
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from tests.faces.conftest import make_wheel
from tests.faces.test_kernel import Shown
from tests.kernels import PrivateKernelManager

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lock(shelf, cloudshelf, tmp_path):
    path = tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone==2.0", "-o", path)
    return path


def place_of(prefix, name):
    return Path(prefix, "share", "jupyter", "kernels", name)


def run_in(prefix, name, environ, *cells):
    """What the cells show in a kernel that Jupyter starts by its name."""
    manager = PrivateKernelManager(kernel_name=name)
    manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(place_of(prefix, "."))])
    manager.start_kernel(env=environ, cwd=environ["HOME"])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        shown = Shown()
        for cell in cells:
            client.execute_interactive(cell, timeout=60, output_hook=shown.take, allow_stdin=False)
        return shown
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_kernel_starts_with_the_lock_and_fills_itself(lock, cloudshelf, environ, tmp_path):
    said = cloudshelf("kernelspec", "Team", "--lock", lock, "--prefix", tmp_path, "--display-name", "Python (team)")
    assert f"Wrote the kernel team with 1 pin to {place_of(tmp_path, 'team')}" in said.stdout
    assert f"of this Python, {sys.executable}" in said.stdout
    spec = json.loads((place_of(tmp_path, "team") / "kernel.json").read_text())
    assert spec["display_name"] == "Python (team)" and spec["language"] == "python"
    lock.unlink()  # it has its own
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "tomllib.py").write_text("raise SystemExit('a module of the notebook is no module of ours')")
    cold = environ | {"CLOUDSHELF_CACHE": str(tmp_path / "cold"), "CLOUDSHELF_URL": "", "HOME": str(home)}
    shown = run_in(
        tmp_path, "team", cold, "import shelfone; print(shelfone.version)", "%shelf", "!python -c 'import shelfone'"
    )
    assert shown.error is None
    assert shown.text.startswith("2.0\n") and "1 pin;" in shown.text and "Error" not in shown.text
    assert (tmp_path / "cold").is_dir()


def test_a_kernel_of_a_notebooks_lock(report, cloudshelf, environ, tmp_path):
    cloudshelf("kernelspec", "report", "--notebook", report, "--prefix", tmp_path)
    assert run_in(tmp_path, "report", environ, "import shelfone; print(shelfone.version)").text == "1.0\n"


def test_the_ipykernel_of_the_lock_is_taken_when_it_has_one(shelf, cloudshelf, environ, tmp_path):
    """The installed one, put on the shelf under a version of its own."""
    modules = {
        str(file): file.locate().read_text()
        for file in files("ipykernel")
        if str(file).startswith(("ipykernel/", "ipykernel_launcher")) and file.suffix == ".py"
    }
    modules["ipykernel/_version.py"] = modules["ipykernel/_version.py"] + "\n__version__ = '99.1'\n"
    cloudshelf("publish", "--no-deps", make_wheel(tmp_path, "ipykernel", "99.1", modules))
    lock = tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone==2.0", "ipykernel", "-o", lock)
    said = cloudshelf("kernelspec", "own", "--lock", lock, "--prefix", tmp_path).stdout
    assert "Its ipykernel is 99.1, of the lock." in said
    shown = run_in(tmp_path, "own", environ, "import ipykernel; print(ipykernel.__version__)", "%shelf")
    assert shown.text.startswith("99.1\n") and "shelfone" in shown.text


def test_a_lock_with_which_no_kernel_starts_writes_nothing(shelf, cloudshelf, tmp_path):
    broken = make_wheel(tmp_path, "traitlets", "0.1", {"traitlets/__init__.py": "raise ImportError('too old')\n"})
    cloudshelf("publish", "--no-deps", broken)
    lock = tmp_path / "pylock.toml"
    cloudshelf("lock", "traitlets", "-o", lock)
    said = cloudshelf("kernelspec", "broken", "--lock", lock, "--prefix", tmp_path, code=2).stderr
    assert "A kernel with this lock does not start: ImportError: too old" in said
    assert not place_of(tmp_path, "broken").exists()


def test_list_and_remove_are_about_ours_only(lock, cloudshelf, tmp_path):
    where = ("--prefix", tmp_path)
    foreign = place_of(tmp_path, "foreign")
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text('{"argv": ["true"], "display_name": "F", "language": "x"}')
    assert "No kernel was made here yet" in cloudshelf("kernelspec", *where).stdout
    assert "not of cloudshelf" in cloudshelf("kernelspec", "foreign", "--lock", lock, *where, code=2).stderr
    assert (
        "There is no kernel foreign of cloudshelf"
        in cloudshelf("kernelspec", "remove", "foreign", *where, code=2).stderr
    )
    cloudshelf("kernelspec", "team", "--lock", lock, *where)
    cloudshelf("kernelspec", "team", "--lock", lock, *where, "--display-name", "again")  # replaces its own
    [row] = json.loads(cloudshelf("kernelspec", "list", *where, "--json").stdout)["kernels"]
    assert (row["kernel"], row["display_name"], row["pins"]) == ("team", "again", 1)
    assert row["requirements"] == ["shelfone==2.0"]
    (place_of(tmp_path, "team") / "pylock.toml").write_text("cut in ha")
    assert "cannot be read" in cloudshelf("kernelspec", "list", *where).stdout
    assert "Removed the kernel team" in cloudshelf("kernelspec", "remove", "Team", *where).stdout
    assert sorted(p.name for p in place_of(tmp_path, ".").iterdir()) == ["foreign"]


def test_without_a_place_it_is_the_users_own(lock, cloudshelf, settings):
    cloudshelf("kernelspec", "mine", "--lock", lock)
    folder = Path(settings["HOME"], ".local/share/jupyter/kernels/mine")
    assert (folder / "kernel.json").is_file() and not os.access(folder, os.W_OK) - os.access(folder.parent, os.W_OK)
    cloudshelf("kernelspec", "remove", "mine")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("team",), "kernelspec team needs --lock FILE or --notebook FILE.ipynb"),
        (("a b", "--lock", "LOCK"), "cannot name a kernel"),
        (("../x", "--lock", "LOCK"), "cannot name a kernel"),
        (("--lock", "LOCK"), "A name is missing"),
        (("remove",), "kernelspec takes NAME with --lock FILE; or list; or remove NAME"),
        (("one", "two", "--lock", "LOCK"), "kernelspec takes NAME"),
        (("team", "--lock", "none.toml"), "There is no lock none.toml"),
        (("team", "--lock", "LOCK", "--user", "--sys-prefix"), "not allowed with"),
        (("team", "--lock", "LOCK", "--prefix", "/proc/nothing"), "cannot be written"),
    ],
)
def test_what_cannot_be_meant_says_so_and_writes_nothing(words, says, lock, cloudshelf, settings):
    words = [str(lock) if word == "LOCK" else word for word in words]
    assert says in cloudshelf("kernelspec", *words, code=2).stderr
    assert not list(Path(settings["HOME"], ".local/share/jupyter/kernels").glob("team*"))
