"""Files of requirements, in the command on a small real shelf: what they ask for, and what they cannot have."""

import json
import subprocess
import sys

import pytest

from .conftest import make_wheel

ONE = "import shelfone, sys; print(shelfone.version, *sys.argv[1:])\n"
SCRIPT = f"""# /// script
# requires-python = ">=3.11"
# dependencies = ["shelftwo", "shelfone<2"]
# ///
{ONE}"""
PROJECT = """
[project]
name = "ours"
requires-python = ">=3.11"
dependencies = ["shelfone==2.0"]
[project.optional-dependencies]
say = ["shelfscript"]
[dependency-groups]
two = [{include-group = "one"}, "shelftwo"]
one = ["shelfone"]
"""


@pytest.fixture
def put(tmp_path):
    """Writes a file of the test; its path."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def frozen(shelf, cloudshelf):
    """The pins that words of the command come to."""
    return lambda *words: [line for line in cloudshelf("freeze", *words).stdout.splitlines() if line[0] != "#"]


@pytest.fixture(scope="session")
def sha256(shelf, cloudshelf):
    """The sha256 of the wheel of a version on the shelf."""

    def find(project, version):
        return json.loads(cloudshelf("ls", f"{project}=={version}", "--json").stdout)["wheels"][0]["sha256"]

    return find


def test_a_requirements_file_with_all_that_a_shelf_can_answer(put, frozen):
    put("sub/more.txt", "shelfscript\n-c limits.txt\n")
    put("sub/limits.txt", "shelfone<2\nshelfnothing==1\n")
    file = put("r.txt", '# ours\nshelftwo >= \\\n  1\n-r sub/more.txt\nshelfnone; python_version < "3"\n')
    assert frozen("-r", file) == ["shelfone==1.0", "shelfscript==1.0", "shelftwo==1.0"]


def test_a_constraint_limits_and_asks_for_nothing(put, frozen):
    file = put("c.txt", "shelfone==2.0\nshelfscript==1.0\n")
    assert frozen("shelftwo", "-c", file) == ["shelfone==2.0", "shelftwo==1.0"]


def test_every_verb_takes_the_same_files(put, shelf, cloudshelf, tmp_path):
    file, limits = put("r.txt", "shelfone\n"), put("c.txt", "shelfone>=2\n")
    run = cloudshelf("run", "-r", file, "-c", limits, "--", "python", "-c", ONE)
    assert run.stdout == "2.0\n"
    assert 'version = "2.0"' in cloudshelf("lock", "-r", file, "-c", limits).stdout
    assert json.loads(cloudshelf("fill", "-r", file, "-c", limits, "--json").stdout)["environment"]
    made = make_wheel(tmp_path, "shelfone", "3.0", {"shelfone.py": ""})
    words = ("publish", "-r", file, "-c", limits, "--no-index", "--find-links", made.parent, "--dry-run", "--json")
    assert [p["version"] for p in json.loads(cloudshelf(*words).stdout)["projects"]] == ["3.0"]


def test_what_is_left_out_is_told_by_line_and_no_password_with_it(put, shelf, cloudshelf):
    file = put("r.txt", "--index-url https://me:secret@x.example/simple\nshelfone\n--trusted-host ${HOME}\n")
    run = cloudshelf("run", "-r", file, "--", "python", "-c", ONE)
    assert run.stderr.count("cloudshelf: ") == 1
    assert "r.txt: --index-url (line 1), --trusted-host (line 3) left out: the shelf is where" in run.stderr
    for words in (["lock", "-r", file, "-o", file.with_name("l.toml")], ["lock", "-r", file], ["freeze", "-r", file]):
        done = cloudshelf(*words)
        assert "--index-url (line 1)" in done.stdout
        assert "secret" not in done.stdout + done.stderr
    assert "secret" not in file.with_name("l.toml").read_text()


def test_a_wheel_must_be_one_that_the_hashes_admit(put, sha256, shelf, cloudshelf):
    good, other = sha256("shelfone", "1.0"), "0" * 64
    line = f"shelfone==1.0 --hash=sha256:{other} \\\n   --hash=sha256:{{}}\n"
    run = ["run", "-r", put("r.txt", line.format(good)), "--", "python", "-c", ONE]
    assert cloudshelf(*run).stdout == "1.0\n"
    put("r.txt", "\n" + line.format(other))
    said = cloudshelf(*run, code=4).stderr
    assert f"shelfone-1.0-py3-none-any.whl has sha256 {good}, which" in said and "r.txt line 2 does not admit" in said


def test_one_hash_asks_for_all_of_them(put, sha256, shelf, cloudshelf):
    one, two = (f"{name}==1.0 --hash=sha256:{sha256(name, '1.0')}\n" for name in ("shelfone", "shelftwo"))
    file = put("r.txt", two)
    said = cloudshelf("lock", "-r", file, code=2).stderr
    assert "there is none for shelfone==1.0" in said
    assert "there is none for shelfone==1.0" in cloudshelf("lock", "--require-hashes", "shelfone", code=2).stderr
    file.write_text(two + one)
    assert cloudshelf("freeze", "-r", file).stdout.split() == ["shelfone==1.0", "shelftwo==1.0"]


def test_what_was_frozen_with_hashes_comes_back(put, shelf, cloudshelf):
    text = cloudshelf("freeze", "shelftwo", "--hashes").stdout
    file = put("r.txt", text)
    assert cloudshelf("freeze", "-r", file, "--require-hashes", "--hashes").stdout == text


def test_a_script_runs_with_what_its_block_says(put, shelf, cloudshelf):
    file = put("job.py", SCRIPT)
    assert cloudshelf("run", "--script", file, "--", "--fast", "x").stdout == "1.0 --fast x\n"
    assert cloudshelf("run", "--script", file, "--with", "shelfscript").stdout == "1.0\n"
    assert cloudshelf("run", "-r", file, "--", "python", "-c", ONE).stdout == "1.0\n"
    put("job.py", ONE)
    assert "has no block that begins with the line '# /// script'" in cloudshelf("run", "--script", file, code=2).stderr


@pytest.mark.parametrize(
    ("words", "pins"),
    [
        (["-r", "pyproject.toml"], ["shelfone==2.0"]),
        (["-r", "pyproject.toml", "--extra", "say"], ["shelfone==2.0", "shelfscript==1.0"]),
        (["-r", "pyproject.toml", "--group", "two"], ["shelfone==2.0", "shelftwo==1.0"]),
        (["--group", "two"], ["shelfone==1.0", "shelftwo==1.0"]),
        (["--extra", "say"], ["shelfone==2.0", "shelfscript==1.0"]),
    ],
)
def test_a_project_with_extras_and_groups(words, pins, shelf, cloudshelf, settings, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setitem(settings, "HOME", str(tmp_path))  # where the command starts
    assert cloudshelf("freeze", *words).stdout.split() == pins


def test_a_lock_is_taken_as_it_is_or_added_to_others(shelf, cloudshelf, frozen, tmp_path):
    lock = tmp_path / "pylock.ours.toml"
    cloudshelf("lock", "shelfone==2.0", "-o", lock)
    assert cloudshelf("run", "-r", lock, "--", "python", "-c", ONE).stdout == "2.0\n"
    assert frozen("-r", lock, "shelftwo") == ["shelfone==2.0", "shelftwo==1.0"]
    cloudshelf("fill", "-r", lock)
    assert cloudshelf("fill", "-r", lock).stdout == "Everything was in place already.\n"
    said = cloudshelf("lock", "-r", lock, "shelfone==1.0", code=1).stderr
    assert "shelfone==1.0: asked for" in said and "shelfone==2.0: asked for" in said


ENVIRONMENT = """\
name: ours
channels: [conda-forge]
dependencies:
  - python>=3.11
  - shelfone=1
  - libgcc-ng
  - pip:
    - shelftwo
    - --index-url https://x.example
"""


def test_an_environment_of_conda_is_reported_line_by_line(put, shelf, cloudshelf):
    file = put("environment.yml", ENVIRONMENT)
    rows = json.loads(cloudshelf("lock", "--dry-run", "-r", file, "--json").stdout)["lines"]
    found = {row["line"]: row["found"].partition(";")[0] for row in rows}
    assert found == {
        2: "the shelf is where distributions come from",
        4: "the interpreter",
        5: "on the shelf (1.0)",
        6: "not Python",
        8: "on the shelf (1.0)",
        9: "the shelf is where distributions come from",
    }
    assert cloudshelf("run", "-r", file, "--", "python", "-c", ONE).stdout == "1.0\n"


def test_all_that_is_missing_is_named_at_once_and_a_dry_run_is_a_table(put, shelf, cloudshelf):
    file = put("environment.yml", ENVIRONMENT.replace("libgcc-ng", "shelfone-gdal").replace("- shelftwo", "- nope==1"))
    said = cloudshelf("run", "-r", file, "--", "true", code=1).stderr
    assert "2 lines name what the shelf does not have; nothing was changed." in said
    assert "environment.yml line 6: shelfone-gdal: missing" in said and "line 8: nope==1: missing" in said
    assert "cloudshelf publish shelfone-gdal nope==1" in said
    shown = cloudshelf("lock", "--dry-run", "-r", file, code=1).stdout
    assert "2 lines cannot be met by this shelf" in shown and "Would pin" not in shown
    put("environment.yml", "dependencies: [shelfone=9]")
    assert "missing; the shelf has 2.0, 1.0" in cloudshelf("lock", "--dry-run", "-r", file, code=1).stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("job.py", SCRIPT.replace(">=3.11", "<3.10")),
        ("pyproject.toml", PROJECT.replace(">=3.11", "<3.10")),
        ("environment.yml", "dependencies:\n- python=3.9\n"),
    ],
)
def test_the_python_that_a_file_wants_is_checked(put, shelf, cloudshelf, name, text):
    file = put(name, text)
    said = cloudshelf("run", "-r", file, "--", "true", code=1).stderr
    assert f"{name}" in said and "wants Python" in said and "this is Python 3." in said
    assert "wants Python" in cloudshelf("lock", "--dry-run", "-r", file, code=1).stdout


def test_publish_takes_what_pip_cannot_read(put, shelf, cloudshelf, tmp_path):
    project = put("pyproject.toml", PROJECT)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version in (("shelfone", "2.0"), ("shelfscript", "1.0")):
        make_wheel(wheels, name, version, {f"{name}.py": ""})
    words = ("publish", "--dry-run", "--json", "--no-deps", "--no-index", "--find-links", wheels)
    done = json.loads(cloudshelf(*words, "-r", project, "--extra", "say").stdout)
    assert {row["project"]: row["version"] for row in done["projects"]} == {"shelfone": "2.0", "shelfscript": "1.0"}
    lock = tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone==2.0", "-o", lock)
    said = cloudshelf(*words, "-r", lock, code=1).stderr
    assert "-r requirements of pylock.toml could not be published: THESE PACKAGES DO NOT MATCH THE HASHES" in said


def test_list_and_freeze_in_a_terminal(shelf, cloudshelf, tmp_path):
    assert cloudshelf("list").stdout == cloudshelf("ls").stdout
    assert "What to freeze? Name it: cloudshelf freeze pandas" in cloudshelf("freeze", code=2).stderr
    lock, file = tmp_path / "pylock.toml", tmp_path / "r.txt"
    cloudshelf("lock", "shelftwo", "-o", lock)
    assert cloudshelf("freeze", "--lock", lock, "-o", file).stdout == f"Wrote 2 lines to {file}\n"
    assert file.read_text() == "shelfone==1.0\nshelftwo==1.0\n"


def test_where_no_file_is_named_nothing_is_loaded_for_them():
    """A lock that is there already is used without packaging, which takes longer to load than a warm start."""
    ours = ("cloudshelf.requirements.sources", "cloudshelf.requirements.gathering", "cloudshelf.resolving.hashes")
    heavy = {"packaging", "yaml", *ours}
    code = (
        "import sys, cloudshelf.verbs.pinning, cloudshelf.verbs.restoring, cloudshelf.command.cli, cloudshelf.session\n"
        f"print({heavy} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
