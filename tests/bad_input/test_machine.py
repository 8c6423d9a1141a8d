"""The user's own machine: a full disk, a cache of somebody else, Ctrl-C in the middle."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faces.test_kernel import Kernel
from tools.fault_proxy import Answer, Fault, FaultProxy

from .conftest import User, assert_clear
from .test_import import TALK, ask

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away, or mount")
NOBODY_UID = 65534


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@ROOT_ONLY
def test_a_full_disk_is_named_and_leaves_nothing_half_written(user: User, tiny_disk: Path) -> None:
    cache = str(tiny_disk / "cache")
    says = ("No space is left for", "Free some", "nothing half-written was kept")
    user.refused("fill", "badone", code=3, says=says, CLOUDSHELF_CACHE=cache)
    user.run("ls", CLOUDSHELF_CACHE=cache)
    user.run("cache", "clear", CLOUDSHELF_CACHE=cache)
    user.works()


@ROOT_ONLY
def test_a_disk_that_fills_up_during_an_import_is_named_and_the_import_works_with_space(
    users: Callable[..., User], published: Path, tiny_disk: Path
) -> None:
    user = users(published.as_uri(), CLOUDSHELF_CACHE=str(tiny_disk / "cache"))
    with user.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        assert ask(script, "attempt('badone')") == {"error": None}
        failed = ask(script, "attempt('badone.late')")
        assert isinstance(failed, dict)
        assert failed["error"] == "DiskFull" and not failed["import_error"]
        assert_clear(failed["text"], "No space is left for", "Free some")
        assert ask(script, "loaded('badone')") == ["badone"]
        subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
        assert ask(script, "attempt('badone.late')") == {"error": None}


@ROOT_ONLY
def test_a_cache_that_another_user_owns_is_not_used(user: User) -> None:
    user.cache.mkdir(mode=0o700)
    os.chown(user.cache, NOBODY_UID, NOBODY_UID)
    says = (f"The cache {user.cache} cannot be used", "another user owns it", "CLOUDSHELF_CACHE")
    user.refused("run", "--with", "badone", "--", "true", code=3, says=says)
    user.refused("fill", "badone", code=3, says=says)
    user.refused("cache", "clear", code=3, says=says)
    assert "!!  cache" in user.run("doctor", code=1).stdout
    assert not list(user.cache.iterdir())
    user.run("run", "--with", "badone", "--", "true", CLOUDSHELF_CACHE=str(user.folder / "another"))
    os.chown(user.cache, 0, 0)
    user.works()


@pytest.fixture
def kernel(remote: User) -> Iterator[Kernel]:
    running = Kernel(remote.environ | {"CLOUDSHELF_TIMEOUT": "20"})
    shown = running("%load_ext cloudshelf")
    assert shown.status == "ok", shown.error
    yield running
    running.stop()


class Interrupt(Fault):
    """The kernel gets its Ctrl-C while this request, which it waits for, takes another second."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.done = kernel, False

    def before(self, handler: object) -> None:
        self.done = True  # before the interrupt: the cell may end while this thread still runs
        self.kernel.manager.interrupt_kernel()
        handler.proxy.closing.wait(1.0)  # type: ignore[attr-defined]


def interrupt_use(kernel: Kernel, proxy: FaultProxy) -> str:
    """What the notebook shows when ``use`` is interrupted while the store is being asked."""
    fault = Interrupt(kernel)
    proxy.fail(fault, path="/projects/badone/head")
    shown = kernel("%shelf use badone==1.0")
    assert fault.done and shown.status == "error"
    return str(shown.error)


def test_ctrl_c_in_the_middle_of_use_is_one_message_and_the_next_command_works(
    kernel: Kernel, proxy: FaultProxy
) -> None:
    assert_clear(interrupt_use(kernel, proxy), "Interrupted", "run it again")
    assert "Nothing is pinned yet" in kernel("%shelf").text
    shown = kernel("%shelf use badone==1.0")
    assert shown.status == "ok", shown.error
    assert kernel("import badone; print(badone.version)").text == "1.0\n"


def test_ctrl_c_in_the_middle_of_an_import_is_one_message_and_the_next_import_works(
    kernel: Kernel, proxy: FaultProxy
) -> None:
    assert kernel("%shelf use badone==1.0").status == "ok"
    proxy.fail(Interrupt(kernel), path="/projects/badone/pack")
    shown = kernel("import badone")
    assert shown.status == "error"
    assert_clear(shown.error, "Interrupted while files were fetched", "run it again")
    assert kernel("import badone; print(badone.version)").text == "1.0\n"


def test_an_outage_in_a_notebook_is_one_message_and_the_cell_works_again(kernel: Kernel, proxy: FaultProxy) -> None:
    assert kernel("%shelf use badone==1.0\nimport badone").status == "ok"
    proxy.fail(Answer(400, "ExpiredToken"), nth=None)
    shown = kernel("import badone.late")
    assert shown.status == "error" and shown.error.startswith("cloudshelf: The credentials for s3://shelf/good")
    assert_clear(shown.error, "the session token has expired", "Renew them")
    assert "Traceback" in kernel("%shelf traceback").text
    proxy.heal()
    assert kernel("import badone.late; print(badone.late.ready)").text == "True\n"
