"""Mounting and unmounting: what it says, where it does not work, and what is left behind (nothing)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.language import completion
from cloudshelf.mount.mountpoint import MODULE
from tests.bad_input.conftest import User, assert_clear, pids_of_fetchers, stop_fetchers
from tests.faces.test_kernel import Kernel

from .drives import Drive, is_running, needs_fuse, wait_until

pytestmark = needs_fuse
PIN = ("--with", "badone==1.0")


def test_it_answers_when_the_drive_is_there_and_says_where_things_are(drive: Drive) -> None:
    done = drive.mount(*PIN)
    assert (drive.site / "badone/__init__.py").read_text() == "version = '1.0'\n"
    for each in (f"{drive.folder}/env", "badone 1.0", f"cloudshelf umount {drive.folder}", str(drive.log)):
        assert each in done.stdout
    assert done.stderr == ""


def test_the_same_mounted_again_stays_as_it_is_so_that_a_script_can_be_run_twice(drive: Drive) -> None:
    drive.mount(*PIN)
    pid = drive.pid
    assert "It was mounted already." in drive.mount(*PIN).stdout and drive.pid == pid


def test_as_json_it_names_the_process_and_the_environment(drive: Drive) -> None:
    told = json.loads(drive.mount(*PIN, "--json").stdout)
    assert told["pid"] == drive.pid and told["directory"] == str(drive.folder)
    assert Path(told["environment"]).is_dir() and [pin["project"] for pin in told["pins"]] == ["badone"]


def test_unmounting_leaves_no_process_no_fetcher_and_an_empty_folder(drive: Drive) -> None:
    drive.mount(*PIN)
    stop_fetchers(drive.user)  # that which was started to find the environment, and ends by itself in some minutes
    pid = drive.pid
    assert (drive.site / "badone/late/inner.py").stat().st_size == len(
        (drive.site / "badone/late/inner.py").read_bytes()
    )
    assert drive.umount().stdout == f"Unmounted {drive.folder}.\n"
    assert not is_running(pid)
    assert pids_of_fetchers(drive.user) == [] and list(drive.folder.iterdir()) == [] and not drive.is_mounted()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_process_that_is_told_to_end_unmounts(drive: Drive, number: signal.Signals) -> None:
    drive.mount(*PIN)
    pid = drive.pid
    os.kill(pid, number)
    wait_until(lambda: not drive.is_mounted() and not is_running(pid))
    assert list(drive.folder.iterdir()) == []


@pytest.mark.parametrize("delay", [0, 0.005, 0.02, 0.06])
def test_a_process_that_is_told_to_end_while_it_mounts_leaves_no_mount(drive: Drive, delay: float) -> None:
    """It asks through its own mount then, which nobody would answer any more."""
    words = [sys.executable, "-m", "cloudshelf", "mount", drive.folder, *PIN]
    with subprocess.Popen(words, env=drive.user.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as command:
        wait_until(lambda: drive.pid)
        pid = drive.pid
        time.sleep(delay)
        os.kill(pid, signal.SIGTERM)
        command.communicate(timeout=60)
    wait_until(lambda: not drive.is_mounted() and not is_running(pid))
    drive.mount(*PIN)
    assert (drive.site / "badone/__init__.py").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_process_that_is_told_to_end_before_its_mount_is_handed_over_leaves_no_mount(
    drive: Drive, tmp_path: Path, number: signal.Signals
) -> None:
    """As a terminal tells it: the whole group of processes, so fusermount3 too if that is one of it."""
    environ = drive.user.environ | {"PATH": f"{_slow_fusermount(tmp_path)}:{os.environ['PATH']}"}
    words = [sys.executable, "-m", "cloudshelf", "mount", drive.folder, *PIN, "--foreground"]
    with subprocess.Popen(words, env=environ, start_new_session=True, stderr=subprocess.PIPE) as process:
        wait_until(drive.is_mounted)
        os.killpg(process.pid, number)
        assert (process.communicate(timeout=60)[1], process.returncode) == (b"", 0)
    assert not drive.is_mounted()


def test_ctrl_c_while_it_loads_ends_it_without_a_traceback(drive: Drive) -> None:
    words = [sys.executable, "-m", "cloudshelf", "mount", drive.folder, *PIN, "--foreground"]
    with subprocess.Popen(words, env=drive.user.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        while b"every version" not in (line := process.stdout.readline()):
            assert line
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode in (0, -signal.SIGINT)
    assert not drive.is_mounted()


def _slow_fusermount(folder: Path) -> Path:
    """A folder with a fusermount3 that hands a mount over at once, and ends a while later."""
    program = folder / "bin" / "fusermount3"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh
{shutil.which("fusermount3")} "$@" || exit
[ "$1" = -o ] && sleep 0.5
exit 0
""")
    program.chmod(0o755)
    return program.parent


def test_in_the_foreground_it_says_when_it_is_there_and_ctrl_c_ends_it(drive: Drive) -> None:
    words = [sys.executable, "-m", "cloudshelf", "mount", drive.folder, *PIN, "--foreground"]
    with subprocess.Popen(words, env=drive.user.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        while b"Mounted on" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        assert (drive.site / "badone/__init__.py").exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0 and process.stderr.read() == b""
    assert not drive.is_mounted()


def test_a_drive_whose_process_was_killed_is_explained_and_mounted_again(drive: Drive) -> None:
    drive.mount(*PIN)
    drive.kill()
    with pytest.raises(OSError, match="not connected"):
        drive.site.stat()
    done = drive.mount(*PIN)
    assert "had lost its process (it was killed); it was taken away" in done.stdout
    assert (drive.site / "badone/__init__.py").exists()


def test_a_drive_whose_process_was_killed_can_be_unmounted(drive: Drive) -> None:
    drive.mount(*PIN)
    file = os.open(drive.site / "badone/__init__.py", os.O_RDONLY)
    drive.kill()
    assert "whose process was gone already" in drive.umount().stdout
    with pytest.raises(OSError, match="not connected"):
        os.close(file)
    assert not drive.is_mounted() and list(drive.folder.iterdir()) == []


def test_a_drive_in_use_stays_and_who_uses_it_is_named(drive: Drive) -> None:
    drive.mount(*PIN)
    with subprocess.Popen(["sleep", "600"], cwd=drive.site) as process:
        said = drive.umount(code=1).stderr
        assert_clear(said, f"{drive.folder} is in use by sleep (process {process.pid}).", "cd")
        assert (drive.site / "badone/__init__.py").exists()
        process.kill()
    drive.umount()


def test_two_drives_stand_side_by_side(drives: Callable[..., Drive], user: User) -> None:
    one, two = drives(user), drives(user)
    one.mount(*PIN)
    two.mount("--with", "badone==2.0")
    assert [(d.site / "badone/__init__.py").read_text()[-5:] for d in (one, two)] == ["1.0'\n", "2.0'\n"]
    one.umount()
    assert (two.site / "badone/late/inner.py").read_bytes()


def test_a_folder_is_made_and_one_with_a_space_and_other_letters_will_do(
    drives: Callable[..., Drive], user: User
) -> None:
    drive = drives(user, 'a "b" ü, c\\d')
    drive.mount(*PIN)
    assert (drive.site / "badone/__init__.py").exists()
    drive.umount()
    assert not drive.is_mounted()


def test_a_folder_is_named_by_a_link_or_from_where_one_stands(drive: Drive, tmp_path: Path) -> None:
    drive.folder.mkdir()
    (tmp_path / "link").symlink_to(drive.folder)
    drive.user.run("mount", tmp_path / "link", *PIN)
    assert (drive.site / "badone/__init__.py").exists()
    drive.user.run("umount", os.path.relpath(drive.folder, drive.user.folder))
    assert not drive.is_mounted()


PLACES = {
    "what is not empty": (lambda folder: (folder / "mine").mkdir(parents=True), "is not empty"),
    "a file": (lambda folder: folder.write_text("mine"), "is a file"),
    "a folder in none": (lambda folder: None, "there is no folder"),
    "what is mounted already": (lambda folder: None, "is mounted already"),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_not_mounted_over(place: str, drives: Callable[..., Drive], user: User) -> None:
    drive = drives(user, "no/such/folder" if place == "a folder in none" else "place")
    make, says = PLACES[place]
    make(drive.folder)
    if place == "what is mounted already":
        drive.mount(*PIN)
    drive.user.refused("mount", drive.folder, "--with", "badone==2.0", code=2, says=(str(drive.folder), says))
    assert drive.is_mounted() == (place == "what is mounted already")


def test_what_is_no_drive_is_not_unmounted(drive: Drive) -> None:
    drive.folder.mkdir()
    drive.user.refused("umount", drive.folder, code=2, says=("Nothing of cloudshelf is mounted on", str(drive.folder)))
    drive.user.refused("umount", "/proc", code=2, says=("Nothing of cloudshelf is mounted on /proc",))


def test_what_cannot_be_pinned_is_said_and_nothing_is_mounted(drive: Drive) -> None:
    said = drive.mount("--with", "nosuchproject", code=1).stderr
    assert_clear(said, "nosuchproject")
    assert not drive.is_mounted() and not drive.folder.exists()


def test_what_is_blocked_is_not_mounted(damaged: User, drives: Callable[..., Drive]) -> None:
    drive = drives(damaged)
    lock = damaged.folder / "pylock.toml"
    damaged.run("lock", "badone==1.0", "-o", lock)
    drive.mount("--lock", lock)
    drive.umount()
    damaged.run("block", "badone==1.0", "--reason", "it sends your keys away")
    for words in (("--lock", lock), PIN):
        assert_clear(
            drive.mount(*words, code=1).stderr, "badone 1.0 is blocked on the shelf", "it sends your keys away"
        )
    assert not drive.is_mounted()


HIDE = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
MISSING = {
    "the device": (lambda: "/dev", ("it has no /dev/fuse", "--device /dev/fuse")),
    "the program that mounts": (
        lambda: shutil.which("fusermount3") or "",
        ("fusermount3, which mounts, was not found", "apt install fuse3"),
    ),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the capability that is dropped")
def test_a_root_that_may_not_mount_is_told_what_its_container_needs(user: User, tmp_path: Path) -> None:
    without = [
        "setpriv",
        "--bounding-set",
        "-sys_admin",
        "--inh-caps",
        "-sys_admin",
        sys.executable,
        "-m",
        "cloudshelf",
    ]
    command = [*without, "mount", tmp_path / "drive", *PIN]
    done = subprocess.run(command, env=user.environ, capture_output=True, text=True, check=False)
    assert done.returncode and "CAP_SYS_ADMIN" in done.stderr and "--cap-add SYS_ADMIN" in done.stderr
    assert not (tmp_path / "drive").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="what is there is hidden by mounts, which root makes")
@pytest.mark.parametrize("what", MISSING)
def test_a_machine_without_fuse_is_told_what_is_missing_and_what_to_use(what: str, user: User, tmp_path: Path) -> None:
    find, says = MISSING[what]
    place = find()
    empty = tmp_path / "empty"
    if Path(place).is_dir():
        empty.mkdir()
        (empty / "null").touch()
    else:
        empty.touch()
    words = ["unshare", "--mount", "sh", "-c", HIDE, "sh", empty, place, sys.executable, "-m", "cloudshelf"]
    done = subprocess.run(
        [*words, "mount", tmp_path / "drive", *PIN],
        env=user.environ,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.PIPE,
    )
    assert_clear(done.stderr, *says, "cloudshelf run", "cloudshelf fill")
    assert done.returncode == 1 and not (tmp_path / "drive").exists()


def test_the_process_of_a_mount_is_found_by_its_command(drive: Drive) -> None:
    drive.mount(*PIN)
    words = Path("/proc", str(drive.pid), "cmdline").read_bytes().split(b"\0")
    assert MODULE.encode() in words and not any(b"secret" in word for word in words)


def test_a_notebook_mounts_its_own_pins(drives: Callable[..., Drive], user: User) -> None:
    drive = drives(user)
    kernel = Kernel(user.environ)
    try:
        kernel(f"%load_ext cloudshelf\n%shelf use badone==1.0\n%shelf mount {drive.folder}")
        assert (drive.site / "badone/__init__.py").read_text() == "version = '1.0'\n"
        kernel(f"%shelf umount {drive.folder}")
        assert not drive.is_mounted()
    finally:
        kernel.stop()


def test_tab_offers_folders_after_mount(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    names = completion.Names(lambda: ["badone"], lambda project: [])
    for verb in ("mount", "umount"):
        typed = f"{verb} {tmp_path}/"
        found = completion.words("command", typed, f"{tmp_path}/", names)
        assert [word.text for word in found] == [f"{tmp_path}/here/"]
    assert "--lock" in [word.text for word in completion.words("command", "mount x --", "--", names)]
