"""What is blocked does not start: pinned, cached or filled, by whatever way; and what lets it in again."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.importing.blocklist import Known

from .machines import Machine, away

REASON = "It sends your keys away"
SHOW = "import one; print(one.version)"
SPAWN = """
import multiprocessing, sys
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=print, args=("inside",))
    child.start(); child.join(); sys.exit(child.exitcode)
"""
SESSION = """
import sys, cloudshelf
try:
    {call}
    print("inside")
except cloudshelf.errors.Blocked as error:
    assert not isinstance(error, ImportError)
    print(error, file=sys.stderr); sys.exit(1)
"""


def lock_of(machine: Machine, requirement: str, name: str) -> Path:
    file = machine.folder / name
    machine("lock", requirement, "-o", file)
    return file


def block(machine: Machine, what: str = "one==1.0", *options: str) -> str:
    return machine("block", what, "--reason", REASON, "--use", "one==1.1", *options)


COMMANDS = {
    "run": ("run", "--with", "one==1.0", "--", "python", "-c", "print('inside')"),
    "run of what needs it": ("run", "--with", "two", "--with", "one<1.1", "--", "python", "-c", "print('inside')"),
    "run of a lock": ("run", "--lock", "LOCK", "--", "python", "-c", "print('inside')"),
    "sync": ("sync", "LOCK"),
    "fill": ("fill", "one==1.0"),
    "fill of a lock": ("fill", "--lock", "LOCK"),
    "lock": ("lock", "one==1.0"),
    "a name for a lock": ("lock", "--lock", "LOCK", "--name", "team/now"),
    "a lock with a name": ("sync", "team/before"),
    "as of a day before": ("lock", "--as-of", "DAY", "one==1.0"),
    "a kernel": ("kernelspec", "ours", "--lock", "LOCK"),
}


@pytest.mark.parametrize("way", COMMANDS)
def test_what_is_blocked_is_refused_by(way: str, used: Machine) -> None:
    lock = used.folder / "pylock.toml"
    block(used)
    words = [{"LOCK": lock, "DAY": time.strftime("%Y-%m-%d")}.get(word, word) for word in COMMANDS[way]]
    said = used(*words, code=1)
    assert "one 1.0 is blocked on the shelf" in said and REASON in said
    assert "%shelf use one==1.1" in said and "inside" not in said


def test_the_error_names_who_blocked_it_and_when_and_its_replacement_can_be_typed(used: Machine) -> None:
    block(used)
    said = used("run", "--with", "one==1.0", "--", "true", code=1)
    assert f"by {os.environ.get('USER', 'root')}@" in said or "by root@" in said
    assert time.strftime("%Y-%m-%dT", time.gmtime()) in said
    offered = said.partition("in a terminal: ")[2].partition(" -- COMMAND")[0].split()
    assert used(*offered[1:], "--", "python", "-c", SHOW).strip() == "1.1"


@pytest.mark.parametrize("is_filled", [False, True], ids=["lazy", "filled"])
def test_an_environment_that_is_there_does_not_start_its_own_python(is_filled: bool, machine: Machine) -> None:
    environment = machine.environment("one==1.0")
    if is_filled:
        machine("fill", "one==1.0")
    assert machine.python(environment, SHOW).stdout == "1.0\n"
    block(machine)
    done = machine.python(environment, "print('inside')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cloudshelf: one 1.0 is blocked") and done.stderr.count("\n") == 1
    assert machine.start([environment / "bin/python", "-I", "-c", "print('inside')"]).returncode == 1


def test_children_and_workers_of_an_environment_do_not_start(machine: Machine) -> None:
    """Of one that ran before it was blocked: another Python that inherits it, and multiprocessing's spawn."""
    environment = machine.environment("one==1.0")
    inherits = {"CLOUDSHELF_ENVIRONMENT": str(environment)}
    assert machine.start([sys.executable, "-c", SHOW], **inherits).stdout == "1.0\n"
    script = machine.folder / "spawn.py"
    script.write_text(SPAWN)
    assert machine.start([environment / "bin/python", script]).stdout == "inside\n"
    block(machine)
    done = machine.start([sys.executable, "-c", "print('inside')"], **inherits)
    assert (done.returncode, done.stdout) == (1, "") and "one 1.0 is blocked" in done.stderr


@pytest.mark.parametrize(
    "call", ["cloudshelf.use('one==1.0')", "cloudshelf.sync(LOCK)", "cloudshelf.sync(open(LOCK).read())"]
)
def test_a_kernel_that_uses_or_restores_is_told(call: str, used: Machine) -> None:
    lock = used.folder / "pylock.toml"
    block(used)
    done = used.start([sys.executable, "-c", SESSION.format(call=call.replace("LOCK", repr(str(lock))))])
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "one 1.0 is blocked" in done.stderr


def test_cloudshelf_itself_runs_where_an_environment_is_blocked(used: Machine) -> None:
    environment = used.environment("one==1.0")
    block(used)
    assert REASON in used("blocks", CLOUDSHELF_ENVIRONMENT=str(environment))


def test_unblocked_it_starts_at_once(used: Machine) -> None:
    """Although this used knows of the block, and by the setting need not ask for an hour."""
    environment, lock = used.environment("one==1.0"), used.folder / "pylock.toml"
    block(used)
    known = used.known()
    used("unblock", "one==1.0")
    for start in (
        lambda: used.python(environment, SHOW).stdout,
        lambda: used("run", "--lock", lock, "--", "python", "-c", SHOW),
    ):
        used.know(known)  # as another used, which has not heard of it
        assert start() == "1.0\n"
        assert used.known().rows == {}


def test_another_version_is_taken_where_one_will_do_and_one_line_says_so(used: Machine) -> None:
    block(used)
    done = used.start([sys.executable, "-m", "cloudshelf", "run", "--with", "two", "--", "python", "-c", SHOW])
    assert done.stdout == "2.0\n"
    assert done.stderr == f"cloudshelf: one 1.0 is blocked ({REASON}); 2.0 was taken.\n"


WHAT = {
    "a version": ("one==1.0", {"1.0"}),
    "a version, spelled otherwise": ("One==1", {"1.0"}),
    "a specifier": ("one<2", {"1.0", "1.1"}),
    "a range": ("one>1.0,<=2", {"1.1", "2.0"}),
    "all of it": ("one", {"1.0", "1.1", "2.0"}),
    "another project": ("two", set()),
    "a version that is not here": ("one==3", set()),
}


@pytest.mark.parametrize("what", WHAT)
def test_what_is_meant_is_refused_and_nothing_else(what: str, used: Machine) -> None:
    """By environments that were there before: their used decides by its file alone."""
    target, expected = WHAT[what]
    environments = {version: used.environment(f"one=={version}") for version in ("1.0", "1.1", "2.0")}
    block(used, target)
    done = {version: used.python(path, SHOW) for version, path in environments.items()}
    assert {version for version, each in done.items() if each.returncode} == expected


def test_a_wheel_is_blocked_by_its_digest(used: Machine) -> None:
    environment, lock = used.environment("one==1.0"), used.folder / "pylock.toml"
    digest = lock.read_text().partition('sha256 = "')[2][:64]
    block(used, f"sha256:{digest}")
    assert used.python(environment, SHOW).returncode == 1
    assert "one 1.0 is blocked" in used("sync", lock, code=1)
    assert used.environment("one==1.1")


# how old what a machine knows may be


def test_a_block_that_another_machine_made_holds_when_the_file_is_too_old(used: Machine) -> None:
    environment = used.environment("one==1.0")
    known = used.known()
    block(used)
    used.know(known)  # this one read its file before that
    assert used.python(environment, SHOW).stdout == "1.0\n"
    assert used.python(environment, SHOW, CLOUDSHELF_RECALL_AGE="0").returncode == 1
    used.know(known)
    used.age(3601)
    assert used.python(environment, SHOW).returncode == 1


@pytest.mark.parametrize("setting", ['recall_age = "2h"', 'recall_age = "5400"', 'recall_age = "1d"'])
def test_the_age_is_a_setting_of_the_files_too(setting: str, used: Machine) -> None:
    config = used.folder / "home/.config/cloudshelf/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(setting + "\n")
    own = used.folder / "own"  # a fetcher of its own: one that was started with another file keeps to that
    own.mkdir(mode=0o700, exist_ok=True)
    files = {"CLOUDSHELF_CONFIG": "", "XDG_RUNTIME_DIR": str(own)}
    words = ("run", "--lock", used.folder / "pylock.toml", "--", "python", "-c", SHOW)
    used(*words, **files)
    known = used.known()
    block(used)
    known.checked = time.time() - 3700
    used.know(known)
    assert used(*words, **files) == "1.0\n"
    config.unlink()
    used(*words, code=1, **files)


@pytest.mark.parametrize("variable", ["CLOUDSHELF_RECALL_AGE", "CLOUDSHELF_RECALL_OFFLINE"])
def test_a_setting_that_is_wrong_is_said(variable: str, used: Machine) -> None:
    said = used("run", "--with", "one", "--", "true", code=2, **{variable: "soon"})
    assert "'soon'" in said and variable in said


def test_by_default_a_start_goes_on_without_the_shelf_and_says_so_once(used: Machine) -> None:
    environment = used.environment("one==1.1")
    block(used, "one==1.0")
    used.age(3 * 3600)
    with away(used.shelf):
        first = used.python(environment, SHOW)
        assert first.stdout == "1.1\n"
        assert "last read 3 h ago" in first.stderr and first.stderr.count("\n") == 1
        again = used.python(environment, SHOW)
        assert (again.stdout, again.stderr) == ("1.1\n", "")


def test_what_was_known_to_be_blocked_stays_so_without_the_shelf(used: Machine) -> None:
    environment = used.environment("one==1.0")
    block(used)
    used.age(3 * 3600)
    with away(used.shelf):
        assert used.python(environment, SHOW).returncode == 1


def test_where_the_settings_refuse_nothing_starts_on_an_old_list(used: Machine) -> None:
    environment, lock = used.environment("one==1.1"), lock_of(used, "one==1.1", "new.toml")
    refusing = {"CLOUDSHELF_RECALL_OFFLINE": "refuse"}
    with away(used.shelf):
        assert used.python(environment, SHOW, **refusing).stdout == "1.1\n"  # it is young enough
        used.age(3 * 3600)
        done = used.python(environment, SHOW, **refusing)
        assert (done.returncode, done.stdout) == (3, "")
        assert "not known whether" in done.stderr and "3 h ago" in done.stderr
        assert "not known whether" in used("sync", lock, code=3, **refusing)
    assert used.python(environment, SHOW, **refusing).stdout == "1.1\n"


DAMAGES = {
    "gone": lambda data: None,
    "empty": lambda data: b"",
    "cut off": lambda data: data[:-7],
    "a row less": lambda data: b"\n".join(data.split(b"\n")[:-2]) + b"\n",
    "another version": lambda data: data.replace(b"blocks 1 ", b"blocks 2 "),
    "a byte": lambda data: data.replace(b"one==1.0", b"one==1.9"),
    "no text": lambda data: bytes(range(256)),
    "of tomorrow": lambda data: Known("", checked=time.time() + 90_000).format(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_is_asked_anew(damage: str, used: Machine) -> None:
    environment = used.environment("one==1.0")
    block(used)
    data = DAMAGES[damage](used.file.read_bytes())
    used.file.unlink() if data is None else used.file.write_bytes(data)
    assert used.python(environment, SHOW).returncode == 1
    assert used.known().rows


@pytest.mark.parametrize("what", ["a link", "writable for others"])
def test_a_file_that_others_may_have_written_is_not_believed(what: str, used: Machine, tmp_path: Path) -> None:
    environment = used.environment("one==1.0")
    nothing = Known(used.shelf, checked=time.time()).format()
    block(used)
    used.file.unlink()
    if what == "a link":
        (tmp_path / "elsewhere").write_bytes(nothing)
        used.file.symlink_to(tmp_path / "elsewhere")
    else:
        used.file.write_bytes(nothing)
        used.file.chmod(0o666)
    assert used.python(environment, SHOW).returncode == 1


def test_the_file_is_ours_alone(used: Machine) -> None:
    used.environment("one")
    assert used.file.stat().st_mode & 0o777 == 0o600
    assert used.file.parent.stat().st_mode & 0o777 == 0o700


def test_of_many_that_start_at_once_none_gets_in(used: Machine) -> None:
    environment = used.environment("one==1.0")
    known = used.known()
    block(used)
    known.checked = 1.0
    used.know(known)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: used.python(environment, SHOW), range(8)))
    assert {each.returncode for each in done} == {1}


# several shelves


def test_a_block_of_any_shelf_counts_for_all_that_a_lock_is_of(machine: Machine) -> None:
    """A team's copy of a wheel does not let through what the organization's shelf has blocked."""
    team = (machine.folder / "team").as_uri()
    machine("init", "--shelf", team)
    machine("export", "one.tar", "one==1.0")
    machine("import", machine.folder / "home/one.tar", "--shelf", team)
    both = f"{machine.shelf},{team}"
    block(machine, "one==1.0", "--shelf", machine.shelf)
    for shelf in (both, ",".join(reversed(both.split(",")))):
        said = machine("run", "--shelf", shelf, "--with", "one==1.0", "--", "true", code=1)
        assert f"on the shelf {machine.shelf}," in said
    assert machine("run", "--shelf", team, "--with", "one==1.0", "--", "true") == ""


# across an air gap


def test_a_bundle_carries_what_is_blocked(machine: Machine, tmp_path: Path) -> None:
    block(machine, "one<1.1")
    machine("export", "team.tar", "one")
    bundle = machine.folder / "home/team.tar"
    inside = Machine(tmp_path / "inside", (tmp_path / "inside/shelf").as_uri())
    inside("init")
    assert "1 of its blocks are new here" in inside("import", bundle)
    assert "new here" not in inside("import", bundle)
    assert inside("blocks", "--json") == machine("blocks", "--json").replace(machine.shelf, inside.shelf)
