"""export and import by the command: across an air gap, from a folder to S3, the engine included."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.servers import S3Server

from .conftest import make_wheel
from .test_kernel import Kernel


@pytest.fixture
def inside(cloudshelf, tmp_path):
    """An empty shelf on the other side; its URL."""
    url = f"file://{tmp_path / 'inside'}"
    cloudshelf("init", url)
    return url


def test_what_one_side_exports_runs_on_the_other(shelf, cloudshelf, inside, tmp_path):
    bundle = tmp_path / "two.tar"
    said = cloudshelf("export", bundle, "shelftwo").stdout
    assert "shelfone" in said and "cloudshelf import two.tar --shelf URL" in said
    first = cloudshelf("import", bundle, "--shelf", inside).stdout
    assert "Imported 2 versions" in first
    assert "all of it was there already" in cloudshelf("import", bundle, "--shelf", inside).stdout
    assert "All is sound" in cloudshelf("verify", "--shelf", inside).stdout
    code = ("--", "python", "-c", "import shelftwo, shelfone; print(shelfone.version)")
    ran = cloudshelf("run", "--shelf", inside, "--with", "shelftwo", *code, CLOUDSHELF_CACHE=str(tmp_path / "cache"))
    assert ran.stdout == "1.0\n"


def test_the_sha256_that_export_says_is_that_of_the_file(shelf, cloudshelf, tmp_path):
    bundle = tmp_path / "two.tar"
    said = json.loads(cloudshelf("export", bundle, "shelftwo", "--json").stdout)
    summed = subprocess.run(["sha256sum", bundle], capture_output=True, text=True, check=True).stdout
    assert summed.split()[0] == said["sha256"] and said["size"] == bundle.stat().st_size


def test_a_lock_of_the_outside_holds_inside(shelf, cloudshelf, inside, tmp_path):
    lock, bundle = tmp_path / "pylock.toml", tmp_path / "b.tar"
    cloudshelf("lock", "shelfone==2.0", "-o", lock)
    cloudshelf("export", bundle, "--lock", lock)
    assert "shelfone" in cloudshelf("import", bundle, "--shelf", inside).stdout
    words = ("--shelf", inside, "--lock", lock, "--", "python", "-c", "import shelfone; print(shelfone.version)")
    ran = cloudshelf("run", *words, CLOUDSHELF_CACHE=str(tmp_path / "cache"), CLOUDSHELF_URL="")
    assert ran.stdout == "2.0\n"


def test_a_lock_of_several_variants_is_carried_with_all_of_them(cloudshelf, inside, tmp_path):
    url = f"file://{tmp_path / 'varied'}"
    cloudshelf("init", url)
    for label in ("cpu", "cu121"):
        wheel = make_wheel(tmp_path, "varied", f"1.0+{label}", {"varied.py": f"label = {label!r}\n"})
        cloudshelf("publish", "--no-deps", wheel, "--shelf", url)
    lock, bundle = tmp_path / "pylock.toml", tmp_path / "b.tar"
    cloudshelf("lock", "varied", "--variant", "cpu", "--variant", "cu121", "-o", lock, "--shelf", url)
    said = json.loads(cloudshelf("export", bundle, "--lock", lock, "--shelf", url, "--json").stdout)
    assert [row["version"] for row in said["projects"]] == ["1.0+cpu", "1.0+cu121"]
    assert "Imported 2 versions" in cloudshelf("import", bundle, "--shelf", inside).stdout


def test_all_carries_every_version(shelf, cloudshelf, inside, tmp_path):
    cloudshelf("export", tmp_path / "all.tar", "--all")
    cloudshelf("import", tmp_path / "all.tar", "--shelf", inside)
    names = [json.loads(cloudshelf("ls", "--json", "--shelf", url).stdout)["projects"] for url in (shelf, inside)]
    assert [(row["project"], row["versions"], row["default"]) for row in names[0]] == [
        (row["project"], row["versions"], row["default"]) for row in names[1]
    ]


def test_from_one_bucket_to_another_place_in_it(shelf, cloudshelf, inside, seaweed_server: S3Server, tmp_path):
    environ = seaweed_server.environ()
    url = f"{seaweed_server.url}/{tmp_path.name}"
    cloudshelf("init", url, **environ)
    cloudshelf("export", tmp_path / "there.tar", "shelftwo")
    cloudshelf("import", tmp_path / "there.tar", "--shelf", url, **environ)
    assert "All is sound" in cloudshelf("verify", "--shelf", url, **environ).stdout
    cloudshelf("export", tmp_path / "back.tar", "shelftwo", "--shelf", url, **environ)
    cloudshelf("import", tmp_path / "back.tar", "--shelf", inside)
    assert "All is sound" in cloudshelf("verify", "--shelf", inside).stdout


def test_a_selection_of_several_shelves_comes_from_each(shelf, cloudshelf, inside, tmp_path):
    """The team's shelf has a newer shelfone of its own; shelftwo is only on the organization's."""
    team = f"file://{tmp_path / 'team'}"
    cloudshelf("init", team)
    wheel = make_wheel(tmp_path, "shelfone", "3.0", {"shelfone/__init__.py": "version = '3.0'\n"})
    cloudshelf("publish", "--no-deps", wheel, "--shelf", team)
    said = cloudshelf("export", tmp_path / "b.tar", "shelftwo", "--shelf", f"{team},{shelf}", "--json").stdout
    assert {row["project"]: row["version"] for row in json.loads(said)["projects"]} == {
        "shelfone": "3.0",
        "shelftwo": "1.0",
    }
    cloudshelf("import", tmp_path / "b.tar", "--shelf", inside)
    assert "All is sound" in cloudshelf("verify", "--shelf", inside).stdout
    assert "this is about one" in cloudshelf("import", tmp_path / "b.tar", "--shelf", f"{team},{shelf}", code=2).stderr


def test_a_notebook_exports_and_imports_too(shelf, settings, inside, tmp_path):
    kernel = Kernel(settings)
    try:
        kernel("%load_ext cloudshelf")
        kernel(f"%cd {tmp_path}")
        shown = kernel("%shelf export b.tar shelftwo")
        assert shown.status == "ok" and "sha256" in shown.text and "<table>" in shown.html, shown.error
        assert (tmp_path / "b.tar").is_file()
        assert "Imported 2 versions" in kernel(f"%shelf import b.tar --shelf {inside}").text
        (tmp_path / "b.tar").write_bytes(b"x")
        assert kernel(f"%shelf import b.tar --shelf {inside}").error.startswith("cloudshelf: The bundle")
    finally:
        kernel.stop()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["b.tar"], 2, "What to export?"),
        ([], 2, "export needs BUNDLE"),
        (["b.tar", "shelfone", "--all"], 2, "one of them"),
        (["shelfone", "shelftwo"], 2, "its name ends in .tar"),
        (["b.tar", "shelfnone"], 1, "shelfnone is not on the shelf"),
        (["b.tar", "shelfone==9"], 1, "The shelf has shelfone"),
        (["no/such/b.tar", "shelfone"], 1, "there is no folder"),
        (["", "shelfone"], 2, "empty bundle"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_message(shelf, cloudshelf, settings, words, code, says):
    done = cloudshelf("export", *words, code=code)
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not Path(settings["HOME"], "b.tar").exists()


def test_a_bundle_that_was_cut_in_half_is_refused_in_one_message(shelf, cloudshelf, inside, tmp_path):
    bundle = tmp_path / "b.tar"
    cloudshelf("export", bundle, "shelftwo")
    bundle.write_bytes(bundle.read_bytes()[: bundle.stat().st_size // 2])
    said = cloudshelf("import", bundle, "--shelf", inside, code=4).stderr
    assert "it is cut off" in said and "Nothing of it was put on the shelf" in said
    assert "The shelf is empty" in cloudshelf("ls", "--shelf", inside).stdout


def test_the_engine_installs_from_a_bundle_without_a_network(shelf, cloudshelf, settings, inside, tmp_path):
    """The line that export prints, in a fresh virtual environment in which pip may ask nobody; then that engine
    imports the rest of the same bundle."""
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    said = cloudshelf("export", tmp_path / "engine.tar", "shelftwo", "--engine", **pip).stdout
    line = next(row for row in said.splitlines() if row.startswith("To install the engine there: "))
    folder = tmp_path / "there"
    folder.mkdir()
    shutil.copy(tmp_path / "engine.tar", folder)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    environ = {k: v for k, v in settings.items() if not k.startswith(("PIP_", "PYTHON"))}
    environ |= {"PATH": f"{folder / 'venv' / 'bin'}:{os.environ['PATH']}", "PIP_CONFIG_FILE": os.devnull}
    environ |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}  # nobody answers there
    command = line.removeprefix("To install the engine there: ")
    subprocess.run(command, shell=True, cwd=folder, env=environ, check=True, capture_output=True)
    there = [folder / "venv" / "bin" / "cloudshelf"]
    done = subprocess.run(
        [*there, "import", "engine.tar", "--shelf", inside], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert "Imported 2 versions" in done.stdout, done.stderr
    with tarfile.open(folder / "engine.tar") as archive:
        readme = archive.extractfile("README.txt").read().decode()
    assert command.partition("&& ")[2] in readme
