"""Start-up scripts, run for real on a clean machine: what a person has there afterwards, in every shell and kernel."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stress import EVERYTHING, Checks

from .clean_root import OURS, PATH, CleanRoot

BARE = PATH.removeprefix(f"{OURS}:")  # of a shell that knows nothing of ours
KERNEL = """\
import sys
from jupyter_client.manager import KernelManager
manager = KernelManager(transport="ipc", ip=sys.argv[1])
manager.start_kernel(env={name: value for name, value in __import__("os").environ.items()})
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=120)
reply = client.execute_interactive(sys.argv[2], timeout=120, allow_stdin=False)
client.stop_channels()
manager.shutdown_kernel(now=True)
sys.exit(reply["content"]["status"] != "ok")
"""
SEEN = "import shelfone; print(shelfone.version); get_ipython().system('shelftool')"


def written(cloudshelf: Any, target: str, *words: Any) -> str:
    return str(cloudshelf("bootstrap", target, *words).stdout)


def set_up(machine: CleanRoot, target: str, script: str) -> None:
    """What an administrator does, or the cloud: each way to run it, twice."""
    if target == "dockerfile":
        script = re.search(r"RUN <<'CLOUDSHELF_SETUP'\n(.*?)\nCLOUDSHELF_SETUP\n", script, re.DOTALL)[1]  # type: ignore[index]
    if target == "sagemaker":
        conda = machine.folder / "opt/conda/bin"
        conda.mkdir(parents=True)
        (conda / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (conda / "python").chmod(0o755)
        (conda / "cloudshelf").symlink_to(f"{OURS}/cloudshelf")
    for _ in range(2):
        before = machine.written()
        if target == "sagemaker":
            machine.run(
                "bash", "-s", text=script, path="/sbin:/bin:/usr/sbin:/usr/bin", CLOUDSHELF_INSTALL="cloudshelf"
            )
            wait_for(machine.folder / "log/cloudshelf-bootstrap.log", "done, with status 0")
        else:
            machine.run("sh", "-s", text=script)
    assert machine.written() == before  # the second time changed nothing


def wait_for(file: Path, words: str) -> None:
    for _ in range(1200):
        if file.exists() and words in file.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(file.read_text() if file.exists() else f"{file} was not written")


def kernel(machine: CleanRoot, code: str) -> str:
    """What a cell shows in a kernel that no shell of the shelf's started."""
    socket = machine.folder / "k"
    done = machine.run(sys.executable, "-c", KERNEL, str(socket), code, path=BARE)
    return f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize(("target", "has_fuse"), [("profile", True), ("sagemaker", False), ("dockerfile", False)])
def test_every_shell_and_kernel_has_the_shelf(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any, target: str, has_fuse: bool
) -> None:
    machine = machines(has_fuse=has_fuse)
    python = machine.run("bash", "-lc", "command -v python3", path=BARE).stdout
    set_up(machine, target, written(cloudshelf, target, "--lock", lock))
    told = f"the tool speaks\n{machine.drive}/env/opt/shelftool\n" if has_fuse else "the tool speaks\n"
    for shell in (["bash", "-lc"], ["dash", "-lc"], ["bash", "-ic"]):
        assert machine.run(*shell, "shelftool", path=BARE).stdout.startswith(told), shell
    assert machine.is_mounted() == has_fuse
    assert machine.run("bash", "-lc", "command -v python3", path=BARE).stdout == python  # it stays theirs
    inside = f"pkg-config --modversion shelftool && {sys.executable} -c 'import shelfone; print(shelfone.version)'"
    assert machine.run("bash", "-lc", inside, path=BARE).stdout == "1.4\n1.0\n"
    assert kernel(machine, SEEN).startswith("1.0\nthe tool speaks\n")


def test_after_a_reboot_the_next_shell_mounts_it_again_and_follows_a_lock_that_moved(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any
) -> None:
    cloudshelf("lock", "shelfone==1.0", "--name", "team/moving")
    machine = machines(has_fuse=True)
    set_up(machine, "profile", written(cloudshelf, "profile", "--lock", "team/moving"))
    look = "ls ~/shelf/env/lib/python3*/site-packages"
    assert "shelfone-1.0.dist-info" in machine.run("bash", "-lc", look).stdout
    cloudshelf("lock", "shelfone==2.0", "--name", "team/moving")
    machine.reboot()
    assert "shelfone-2.0.dist-info" in machine.run("bash", "-lc", look).stdout


@pytest.mark.stress
@pytest.mark.skipif(not EVERYTHING, reason="it waits for 15 seconds: make stress")
def test_a_drive_that_hangs_holds_no_shell_up_and_one_that_was_killed_is_mounted_anew(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any, checks: Checks
) -> None:
    machine = machines(has_fuse=True)
    set_up(machine, "profile", written(cloudshelf, "profile", "--lock", lock))
    machine.run("bash", "-lc", "shelftool")
    pid = machine.drive_pid()
    made = machine.home / ".local/state/cloudshelf/made"
    made.write_text(f"{made.read_text().splitlines()[0]}\n{machine.drive}/env/never-looked-at\n")  # no kernel knows it
    os.kill(pid, signal.SIGSTOP)
    try:
        done = machine.run("bash", "-lec", "echo I am here")
    finally:
        os.kill(pid, signal.SIGKILL)
    assert done.stdout == "I am here\n"
    assert done.stderr.startswith("cloudshelf: ") and len(done.stderr.splitlines()) == 1
    assert machine.run("bash", "-lc", "shelftool").stdout.startswith("the tool speaks\n")
    assert machine.drive_pid() != pid
    checks.add(2)


def test_another_lock_takes_the_place_of_the_first(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    cloudshelf("lock", "shelfone==2.0", "-o", other)
    machine = machines()
    look = f"{sys.executable} -c 'import shelfone; print(shelfone.version)'"
    for file, version in ((lock, "1.0\n"), (other, "2.0\n")):
        set_up(machine, "profile", written(cloudshelf, "profile", "--lock", file))
        assert machine.run("bash", "-lc", look).stdout == version
    assert "1 pin;" in kernel(machine, "%shelf")


def test_without_a_lock_the_shelf_is_connected_and_nothing_pinned(
    machines: Callable[..., CleanRoot], shelf: str, cloudshelf: Any
) -> None:
    machine = machines()
    set_up(machine, "profile", written(cloudshelf, "profile"))
    assert "shelfone" in machine.run("bash", "-lc", f"{OURS}/cloudshelf ls").stdout
    shown = kernel(machine, "%shelf\nimport shelfone")
    assert "Nothing is pinned yet" in shown and "is pinned now" in shown


BREAKS = {
    "the shelf is gone": "mv {shelf} {shelf}.gone",
    "cloudshelf is gone": "rm /etc/cloudshelf/cloudshelf",
    "the home cannot be written": 'rm -rf "$HOME/.local" && touch "$HOME/.local"',
    "what a start left is nonsense": 'cd && mkdir -p .local/state/cloudshelf && echo "(" >.local/state/cloudshelf/made',
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_login_shell_goes_on_where_the_shelf_cannot_be_had(
    machines: Callable[..., CleanRoot], cloudshelf: Any, tmp_path: Path, broken: str
) -> None:
    url = (tmp_path / "own").as_uri()
    cloudshelf("init", url)
    machine = machines()
    machine.run("sh", "-s", text=written(cloudshelf, "profile", "--shelf", url, "--lock", "team/none"))
    machine.run("sh", "-c", BREAKS[broken].format(shelf=tmp_path / "own"))
    for shell in ("bash", "dash"):
        done = machine.run(shell, "-leuc", "echo I am here", path=BARE)
        assert done.stdout == "I am here\n"
        assert done.stderr.startswith("cloudshelf: ") and len(done.stderr.splitlines()) == 1


def test_a_hub_starts_the_server_with_the_shelf_or_without(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any, tmp_path: Path
) -> None:
    """As a hook that start.sh of docker-stacks sources, and as the command of a spawner."""
    hook = tmp_path / "cloudshelf.sh"
    hook.write_text(written(cloudshelf, "jupyterhub", "--lock", lock))
    hook.chmod(0o755)
    machine = machines()
    sourced = f"set -e; source {hook}; source {hook}; shelftool; echo $CLOUDSHELF_URL"
    assert machine.run("bash", "-c", sourced).stdout.startswith("the tool speaks\n")
    assert machine.run(str(hook), "sh", "-c", "shelftool; exit 7", code=7).stdout.startswith("the tool speaks\n")
    without = machine.run(str(hook), "echo", "the server", path=BARE)
    assert without.stdout == "the server\n" and "cloudshelf is not installed" in without.stderr


def test_what_somebody_wrote_into_the_settings_stays(
    machines: Callable[..., CleanRoot], shelf: str, cloudshelf: Any
) -> None:
    machine = machines()
    theirs = 'variant = "cpu"\nshelf = "s3://theirs/x"\n\n[later]\nshelf = 1\n'
    file = machine.folder / "etc/cloudshelf.toml"
    file.write_text(theirs)
    done = machine.run("sh", "-s", text=written(cloudshelf, "profile"))
    assert file.read_text() == theirs
    assert "names a shelf already; it stays" in done.stderr


def test_root_reads_nothing_of_a_home_that_is_anothers(
    machines: Callable[..., CleanRoot], lock: Path, cloudshelf: Any
) -> None:
    """``sudo -s`` leaves HOME as it was, and whoever's that is could have root run what they like."""
    machine = machines()
    machine.run("sh", "-s", text=written(cloudshelf, "profile", "--lock", lock))
    state = machine.home / ".local/state/cloudshelf"
    machine.run("sh", "/etc/cloudshelf/workspace", "start")
    (state / "variables.sh").write_text("echo I was run\n")
    assert machine.run("bash", "-lc", "true").stdout == "I was run\n"
    os.chown(machine.home, 65534, 65534)
    assert machine.run("bash", "-lc", "true").stdout == ""


def test_who_is_not_root_and_who_has_no_cloudshelf_is_told(
    machines: Callable[..., CleanRoot], shelf: str, cloudshelf: Any
) -> None:
    machine, script = machines(), written(cloudshelf, "profile")
    assert "pip install cloudshelf" in machine.run("sh", "-s", text=script, path=BARE, code=1).stderr
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-s"]
    assert "run it as root" in machine.run(*nobody, text=script, path=BARE, code=1).stderr
    assert not (machine.folder / "etc/cloudshelf").exists()
