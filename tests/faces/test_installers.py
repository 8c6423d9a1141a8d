"""pip and uv in, or aimed at, an environment of ours write nothing there; what they cannot be kept from is noticed."""

import base64
import contextlib
import csv
import ensurepip
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.stress import amount

from .conftest import make_wheel

UV = Path(sys.executable).with_name("uv")
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
REFUSED = "changes nothing here: this environment has exactly what its lock pins"


def rebuilt(project, folder):
    """The wheel of what is installed here, made of its files."""
    found = importlib.metadata.distribution(project)
    info = f"{project}-{found.version}.dist-info"
    files = {
        str(file): Path(found.locate_file(file)).read_bytes()
        for file in found.files or ()
        if ".." not in file.parts
        and file.suffix != ".pyc"
        and file.name not in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
    }
    lines = io.StringIO()
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        csv.writer(lines).writerow([path, f"sha256={digest}", len(content)])
    lines.write(f"{info}/RECORD,,\n")
    wheel = folder / f"{project}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in {**files, f"{info}/RECORD": lines.getvalue()}.items():
            archive.writestr(path, content)
    return wheel


@pytest.fixture(scope="module")
def pips(shelf, cloudshelf, tmp_path_factory):
    """Two real pips on the shelf, an old and a new one: their versions."""
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    wheels = [bundled, rebuilt("pip", tmp_path_factory.mktemp("pip"))]
    for wheel in wheels:
        with contextlib.suppress(AssertionError):  # both are one where this Python is new
            cloudshelf("publish", "--no-deps", wheel)
    return [wheel.name.split("-")[1] for wheel in wheels]


class Environment:
    """An environment that has shelfone 1.0 and, where one is named, a pip."""

    def __init__(self, cloudshelf, cache, *requirements):
        self.cache = cache
        self._run = lambda *words, **environ: cloudshelf("run", *words, CLOUDSHELF_CACHE=str(cache), **environ)
        self._with = [word for requirement in requirements for word in ("--with", requirement)]
        self.path = self.build().stdout.strip()
        self.python = f"{self.path}/bin/python"

    def build(self):
        code = "import shelfone, sys; print(sys.prefix)"
        return self._run("--fill", *self._with, "--", "python", "-c", code)

    def files(self):
        """All but what Python, the fetcher and uv's lock write there."""
        changing = {"__pycache__", "staging", "presence", "users", ".lock"}
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(self.path).rglob("*"))
            if path.is_file() and not changing & set(path.parts)
        }


@pytest.fixture
def call(settings, tmp_path):
    """Runs a program in an empty folder, as a person does who has nothing activated."""
    folder = tmp_path / "work"
    folder.mkdir()
    environ = settings | {"UV_CACHE_DIR": str(tmp_path / "uv"), "PATH": os.defpath, "UV_OFFLINE": "1"}

    def call(*words, code=0, **variables):
        words = [str(word) for word in words]
        done = subprocess.run(
            words, env=environ | variables, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        done.told = " ".join(done.stderr.split())  # uv breaks lines
        return done

    return call


@pytest.fixture(params=[0, 1], ids=["old pip", "new pip"])
def with_pip(request, pips, cloudshelf, tmp_path):
    return Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0", f"pip=={pips[request.param]}")


@pytest.fixture
def other(tmp_path):
    return make_wheel(tmp_path, "shelfother", "1.0", {"shelfother.py": "version = 1\n"})


@pytest.mark.stress
def test_an_installer_that_the_lock_pins_writes_nothing_into_its_environment(with_pip, call, other, tmp_path, checks):
    newer = make_wheel(tmp_path, "shelfone", "9.0", {"shelfone/__init__.py": ""})
    before, python = with_pip.files(), with_pip.python
    in_process = "import sys; from pip._internal.cli.main import main; sys.exit(main(sys.argv[1:]))"
    script = tmp_path / "deploy.py"  # nothing in its command tells, nor in its path
    assert "pip" not in str(script)
    script.write_text(in_process)
    install = ["install", "--no-index"]
    commands = [
        ["-m", "pip", *install, other],
        ["-m", "pip", "uninstall", "-y", "shelfone"],
        [script, *install, other],
        ["-m", "pip", *install, "--break-system-packages", "--upgrade", "shelfone"],
        ["-m", "pip", *install, "--prefix", with_pip.path, other],
        ["-I", "-m", "pip", *install, other],
        ["-m", "pip", *install, "--force-reinstall", newer],
        ["-m", "pip", *install, "--ignore-installed", "--no-deps", newer],
        ["-m", "pip", *install, "--root", "/", other],
        ["-m", "pip", "uninstall", "-y", "pip"],
        ["-c", in_process, *install, other],
    ]
    for words in commands[: amount(5, len(commands))]:
        shown = call(python, *words, code=1)
        assert shown.stderr.count("\n") == 1 and f"pip {REFUSED}" in shown.stderr, shown.stderr
        checks.add()
    assert REFUSED in call(f"{with_pip.path}/bin/pip", *install, other, code=1).stderr
    assert with_pip.files() == before


@pytest.mark.parametrize("with_pip", [pytest.param(1, id="new pip")], indirect=True)
def test_an_installer_that_the_lock_pins_does_all_else(with_pip, call, other, tmp_path):
    before, pip = with_pip.files(), [with_pip.python, "-m", "pip", "--disable-pip-version-check"]
    assert "Requirement already satisfied: shelfone==1.0" in call(*pip, "install", "--no-index", "shelfone==1.0").stdout
    assert "Would install shelfother-1.0" in call(*pip, "install", "--no-index", "--dry-run", other).stdout
    assert "shelfone==1.0" in call(*pip, "freeze", "--all").stdout
    assert "shelfone" in call(*pip, "list").stdout
    assert "Version: 1.0" in call(*pip, "show", "shelfone").stdout
    assert "No broken requirements" in call(*pip, "check").stdout
    call(*pip, "download", "--no-index", "--no-deps", "-d", tmp_path / "downloaded", other)
    call(*pip, "wheel", "--no-index", "--no-deps", "-w", tmp_path / "wheels", other)
    for option in ("--target", "--prefix", "--root"):
        call(*pip, "install", "--no-index", "--no-deps", option, tmp_path / option[2:], other)
        assert list((tmp_path / option[2:]).rglob("shelfother.py"))
    assert with_pip.files() == before


def test_other_pips_write_nothing_into_an_environment(cloudshelf, shelf, call, other, tmp_path):
    """One that is told whose Python to use (pip --python), ensurepip, and a pip that is no file of the environment."""
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    before = environment.files()
    words = ["--python", environment.python, "install", "--no-index", other]
    assert REFUSED in call(sys.executable, "-m", "pip", *words, code=1).stderr
    assert REFUSED in call(environment.python, "-m", "ensurepip", code=1).stderr
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    assert REFUSED in call(environment.python, f"{bundled}/pip", "install", "--no-index", other, code=1).stderr
    assert "shelfone" in call(sys.executable, "-m", "pip", "--python", environment.python, "list").stdout
    assert environment.files() == before


@pytest.mark.parametrize("how", ["python", "folder", "activated", "variable", "parent"])
def test_uv_writes_nothing_into_an_environment_that_is_named(cloudshelf, shelf, call, other, tmp_path, how):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    before = environment.files()
    options, variables = {
        "python": (["--python", environment.python], {}),
        "folder": (["--python", environment.path], {}),
        "activated": ([], {"VIRTUAL_ENV": environment.path}),
        "variable": ([], {"UV_PYTHON": environment.python}),
        "parent": ([], {"UV_INTERNAL__PARENT_INTERPRETER": environment.python}),  # of `python -m uv` there
    }[how]
    (tmp_path / "requirements.txt").write_text(f"{other}\n")
    # One that uv passes over is followed by the next one that it finds, which nobody named.
    call(UV, "venv", tmp_path / "work" / ".venv")
    next_one = sorted((tmp_path / "work" / ".venv").rglob("*"))
    # What uv has learned of an interpreter it does not ask again: whoever looked before must not open the door.
    assert "shelfone" in call(UV, "pip", "list", *options, **variables).stdout
    call(UV, "run", "--no-project", *options, "python", "-c", "import sys", **variables)
    for words in (
        ["install", "--no-index", other],
        ["install", "--no-index", "--break-system-packages", other],
        ["--quiet", "install", "--no-index", other],
        ["uninstall", "shelfone"],
        ["sync", "--no-index", tmp_path / "requirements.txt"],
    ):
        shown = call(UV, "pip", *words, *options, code=2, **variables)
        assert f"uv {REFUSED}" in shown.told, words
    assert environment.files() == before
    assert sorted((tmp_path / "work" / ".venv").rglob("*")) == next_one


@pytest.mark.parametrize(
    "words",
    [["sync"], ["add", "--no-index", "--find-links", "..", "shelfother"], ["run", "python", "-c", "1"]],
    ids=lambda words: words[0],
)
def test_a_project_of_uv_makes_no_environment_of_ours_its_own(cloudshelf, shelf, call, other, tmp_path, words):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    before = environment.files()
    project = "[project]\nname = 'p'\nversion = '1'\nrequires-python = '>=3.11'\n"
    (tmp_path / "work" / "pyproject.toml").write_text(project)
    active = {"VIRTUAL_ENV": environment.path}
    assert REFUSED in call(UV, words[0], "--active", *words[1:], code=2, **active).told
    assert REFUSED in call(UV, *words, code=2, UV_PROJECT_ENVIRONMENT=environment.path).told
    call(UV, "sync", "--python", environment.python)  # its own, with our interpreter
    assert (tmp_path / "work" / ".venv").is_dir()
    assert environment.files() == before


def test_uv_that_only_looks_does_all_it_does(cloudshelf, shelf, call, other, tmp_path):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    before, python = environment.files(), ["--python", environment.python]
    for _ in "again":
        assert "shelfone==1.0" in call(UV, "pip", "freeze", *python).stdout
    assert "Version: 1.0" in call(UV, "pip", "show", "shelfone", *python).stdout
    call(UV, "pip", "check", *python)
    call(UV, "pip", "tree", *python)
    call(UV, "pip", "install", "--no-index", "--target", tmp_path / "target", other, *python)
    assert (tmp_path / "target" / "shelfother.py").is_file()
    assert "Would install 1 package" in call(UV, "pip", "install", "--no-index", "--dry-run", other, *python).stderr
    code = "import sys, shelfone; print(sys.executable, sys.prefix, shelfone.version)"
    shown = call(UV, "run", "--no-project", *python, "python", "-c", code)
    assert shown.stdout.split() == [environment.python, environment.path, "1.0"]
    (tmp_path / "script.py").write_text(code)
    shown = call(UV, "run", "--no-project", *python, tmp_path / "script.py")
    assert shown.stdout.split() == [environment.python, environment.path, "1.0"]
    found = call(UV, "python", "find", environment.path).stdout.strip()
    assert call(found, "-c", code).stdout == shown.stdout
    call(UV, "venv", *python, tmp_path / "venv")
    config = (tmp_path / "venv" / "pyvenv.cfg").read_text()
    assert f"home = {Path(sys.executable).resolve().parent}\n" in config
    assert environment.files() == before


def test_a_pip_of_the_lock_that_a_kernels_python_runs_leaves_the_environment(pips, shelf, settings, call, tmp_path):
    """`%shelf use pip` in a kernel: then `%pip` is the lock's pip, and writes for the kernel's Python."""
    cache = tmp_path / "cache"
    code = (
        f"import cloudshelf; cloudshelf.use('shelfone==1.0', 'pip=={pips[0]}'); cloudshelf.fill()\n"
        "import os, subprocess, sys; print(os.environ['CLOUDSHELF_ENVIRONMENT'], flush=True)\n"
        "sys.exit(subprocess.run([sys.executable, '-m', 'pip', *sys.argv[1:]]).returncode)"
    )
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    (site / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    first = call(python, "-c", code, "--version", CLOUDSHELF_CACHE=str(cache)).stdout
    environment = Environment.__new__(Environment)
    environment.path = first.split()[0]
    assert f"pip {pips[0]} from {environment.path}" in first
    before = environment.files()
    newer = make_wheel(tmp_path, "shelfone", "9.0", {"shelfone/__init__.py": ""})
    call(python, "-c", code, "uninstall", "-y", "shelfone", CLOUDSHELF_CACHE=str(cache))
    call(python, "-c", code, "install", "--no-index", newer, CLOUDSHELF_CACHE=str(cache))
    assert (site / "shelfone-9.0.dist-info").is_dir()
    assert environment.files() == before


def test_what_was_installed_from_outside_is_told_and_never_used_again(cloudshelf, shelf, call, other, tmp_path):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    running = subprocess.Popen([environment.python, "-c", "input()"], stdin=subprocess.PIPE)
    call(*PIP, "--prefix", environment.path, other)
    told = f"Something else than cloudshelf wrote into {environment.path}"
    doctor = json.loads(cloudshelf("doctor", "--json", code=1, CLOUDSHELF_CACHE=str(environment.cache)).stdout)
    rows = [check for check in doctor["checks"] if not check["ok"]]
    assert [row["check"] for row in rows] == ["environment"]
    assert rows[0]["found"].startswith(f"{told}: shelfother-1.0 added. Nothing new uses it")
    again = environment.build()
    assert again.stdout == f"{environment.path}-1\n"
    assert again.stderr == (
        f"cloudshelf: {told} (shelfother-1.0 added), so it is not what its lock says any more. "
        "A new one was made; the other goes with: cloudshelf cache prune\n"
    )
    assert (environment.build().stdout, environment.build().stderr) == (again.stdout, "")
    cloudshelf("cache", "prune", CLOUDSHELF_CACHE=str(environment.cache))
    assert Path(environment.path).is_dir()  # a process has it open
    running.communicate(b"\n", timeout=60)
    cloudshelf("cache", "prune", CLOUDSHELF_CACHE=str(environment.cache))
    assert not Path(environment.path).exists() and Path(again.stdout.strip()).is_dir()


@pytest.mark.parametrize("version", ["1.0", "9.0"])
def test_what_was_replaced_from_outside_is_never_used_again(cloudshelf, shelf, call, tmp_path, version):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    wheel = make_wheel(tmp_path, "shelfone", version, {"shelfone/__init__.py": "version = 'another'\n"})
    site = next(Path(environment.path, "lib").glob("python*")) / "site-packages"
    call(sys.executable, "-m", "pip", "install", "--no-index", "--upgrade", "--target", site, wheel)
    assert environment.build().stdout == f"{environment.path}-1\n"


@pytest.mark.parametrize("damage", ["{site}/shelfone-1.0.dist-info", "{site}", ".cloudshelf/seal"])
def test_an_environment_of_which_something_was_removed_is_not_used_again(cloudshelf, shelf, tmp_path, damage):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    site = next(Path(environment.path, "lib").glob("python*")).relative_to(environment.path) / "site-packages"
    place = Path(environment.path, damage.format(site=site))
    place.unlink() if place.is_file() else shutil.rmtree(place)
    assert Path(environment.build().stdout.strip(), site, "shelfone", "__init__.py").is_file()


def test_a_lock_whose_environment_was_written_into_says_so(cloudshelf, shelf, call, other, tmp_path):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    cloudshelf("lock", "shelfone==1.0", "--output", tmp_path / "pylock.toml")
    call(*PIP, "--prefix", environment.path, other)
    words = ("run", "--lock", tmp_path / "pylock.toml", "--", "python", "-c", "import shelfone")
    assert "(shelfother-1.0 added)" in cloudshelf(*words, CLOUDSHELF_CACHE=str(environment.cache)).stderr


def test_a_file_that_was_edited_is_named_by_doctor(cloudshelf, shelf, tmp_path):
    environment = Environment(cloudshelf, tmp_path / "cache", "shelfone==1.0")
    sound = cloudshelf("doctor", CLOUDSHELF_CACHE=str(environment.cache)).stdout
    assert "environments  1, each as its lock says" in sound
    site = next(Path(environment.path, "lib").glob("python*")) / "site-packages"
    with (site / "shelfone" / "late.py").open("a") as file:
        file.write("# a look\n")
    (site / "shelfone" / "__init__.py").unlink()
    shown = cloudshelf("doctor", code=1, CLOUDSHELF_CACHE=str(environment.cache)).stdout
    assert "shelfone/__init__.py removed" in shown and "shelfone/late.py changed" in shown
    assert f"To have it built anew: rm -r {environment.path}" in shown
