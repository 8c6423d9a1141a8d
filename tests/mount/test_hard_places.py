"""Folders to mount on that Linux allows and programs dislike, and many that mount on one at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bad_input.conftest import User

from .drives import Drive, needs_fuse

pytestmark = needs_fuse
PIN = ("--with", "badone==1.0")
ODD_SPACE = "a\u00a0b\u3000c\u2028d\x0be\x0cf\x1cg\u0085h"
NAMES = {
    "white space that mountinfo writes as it is": ODD_SPACE,
    "what it escapes, and marks of variables and options": "-a\nb\\012c=$HOME,d:%s#",
    "what is no text": os.fsdecode(b"a\xff\xfeb"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_drive_is_mounted_found_read_and_taken_away_whatever_its_folder_is_called(
    name: str, drives: Callable[..., Drive], user: User
) -> None:
    drive = drives(user, NAMES[name])
    drive.mount(*PIN)
    assert (drive.site / "badone/__init__.py").read_text() == "version = '1.0'\n"
    assert os.fsencode(drive.folder) in (drive.env / "bin/activate").read_bytes()
    assert "It was mounted already." in drive.mount(*PIN).stdout
    drive.user.refused("mount", drive.folder, "--all", code=2, says=("is mounted already",))
    drive.umount()
    assert not drive.is_mounted()


def test_a_mount_with_an_odd_name_elsewhere_is_in_nobodys_way(drives: Callable[..., Drive], user: User) -> None:
    odd, drive = drives(user, ODD_SPACE), drives(user)
    odd.mount(*PIN)
    drive.mount(*PIN)
    drive.umount()
    assert odd.is_mounted() and not drive.is_mounted()


def test_of_many_that_mount_on_one_folder_at_once_one_does(drive: Drive) -> None:
    drive.folder.mkdir()
    drive.user.run("run", *PIN, "--", "true")  # so that none of them has more to do than the others
    with ThreadPoolExecutor(4) as threads:
        done = [each.result() for each in [threads.submit(drive.mount, *PIN, code=None) for _ in range(4)]]
    said = [each.stdout + each.stderr for each in done]
    assert {each.returncode for each in done} <= {0, 2}, said
    assert sum("mounted already" not in each for each in said) == 1, said
    drive.umount()
    assert not drive.is_mounted() and list(drive.folder.iterdir()) == []
