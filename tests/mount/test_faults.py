"""What goes wrong behind the drive: an errno for programs, a line in the log for people; no wrong bytes, no hang."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudshelf.mount.__main__ import _watch_blocks
from tests.bad_input.conftest import BULK, SECRETS, User
from tools.fault_proxy import Delay, FaultProxy, Reset

from .drives import Drive, needs_fuse, wait_until

pytestmark = [needs_fuse, pytest.mark.timeout(300)]
PIN = ("--with", "badone==1.0")
SILENT = Delay(600)
LATE = "badone/late/inner.py"  # which no import of badone opens


def error_of(path: Path) -> str:
    """The errno that a program gets who reads ``path``."""
    with pytest.raises(OSError) as caught:
        path.read_bytes()
    return errno.errorcode[caught.value.errno or 0]


@pytest.fixture
def far(drives: Callable[..., Drive], remote: User) -> Drive:
    """A drive whose shelf is behind the proxy that fails when it is told to."""
    drive = drives(remote)
    drive.mount(*PIN)
    return drive


@pytest.mark.parametrize("fault", [Reset(), SILENT], ids=["refused", "silent"])
def test_a_store_that_cannot_be_reached_is_eio_and_then_it_goes_on(
    far: Drive, proxy: FaultProxy, fault: object
) -> None:
    assert (far.site / "badone/__init__.py").read_text() == "version = '1.0'\n"
    proxy.fail(fault, nth=None)
    assert error_of(far.site / LATE) == "EIO"
    assert LATE in far.log.read_text() and "cannot be reached" in far.log.read_text()
    assert (far.site / "badone/__init__.py").read_text() == "version = '1.0'\n"  # what is here stays readable
    assert len(list((far.site / "badone").iterdir())) >= 2
    proxy.heal()
    assert (far.site / LATE).stat().st_size == len((far.site / LATE).read_bytes()) > BULK


def test_a_program_that_imports_during_an_outage_is_told_and_the_next_one_works(far: Drive, proxy: FaultProxy) -> None:
    proxy.fail(Reset(), nth=None)
    done = far.python("import badone")
    assert done.returncode == 1 and "OSError: [Errno 5] Input/output error" in done.stderr
    proxy.heal()
    assert far.python("import badone; print(badone.version)").stdout == "1.0\n"


def test_many_who_wait_for_a_dead_store_hold_up_nobody_who_needs_none(far: Drive, proxy: FaultProxy) -> None:
    (far.site / "badone/__init__.py").read_bytes()
    proxy.fail(SILENT, nth=None)
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(error_of, far.site / LATE) for _ in range(60)]
        wait_until(lambda: proxy.count("GET", "/pack/") > 1)
        subprocess.run(["grep", "-q", "version", far.site / "badone/__init__.py"], check=True)
        subprocess.run(["find", far.folder / "env"], check=True, capture_output=True)
        assert not all(each.done() for each in waiting)
        assert {each.result() for each in waiting} == {"EIO"}


def test_nothing_secret_is_in_the_log(far: Drive, proxy: FaultProxy) -> None:
    proxy.fail(Reset(), nth=None)
    error_of(far.site / LATE)
    assert not SECRETS.search(far.log.read_text())


def test_a_damaged_pack_is_eio_and_named_in_the_log(drives: Callable[..., Drive], damaged: User) -> None:
    drive = drives(damaged)
    drive.mount(*PIN)
    packs = list(Path(damaged.url.removeprefix("file://")).glob("projects/badone/pack/*"))
    for pack in packs:
        content = bytearray(pack.read_bytes())
        for place in range(0, len(content), 1000):
            content[place] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(content)
    assert error_of(drive.site / LATE) == "EIO"
    line = next(line for line in drive.log.read_text().splitlines() if LATE in line)
    assert any(pack.name in line for pack in packs), line


def test_a_version_that_is_blocked_while_it_is_mounted_is_read_no_more(
    drives: Callable[..., Drive], damaged: User
) -> None:
    drive = drives(damaged)
    drive.mount(*PIN)
    damaged.run("block", "badone==1.0", "--reason", "it sends your keys away")
    damaged.run("blocks")  # this machine hears of it
    wait_until(lambda: is_refused(drive.site / LATE))
    assert error_of(drive.site / LATE) == "EACCES"
    assert "it sends your keys away" in drive.log.read_text()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder for environments in a cache, with room for what is in one at first, and not for its files."""
    folder = tmp_path / "cache" / "environments"
    folder.mkdir(mode=0o700, parents=True)
    size = f"size={BULK // 2}"
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"{size},mode=700", "tmpfs", folder]).returncode:
        pytest.skip("a small disk is a tmpfs, which root mounts")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_enospc_and_said_in_the_log(drives: Callable[..., Drive], user: User, small_disk: Path) -> None:
    user.environ["CLOUDSHELF_CACHE"] = str(small_disk.parent)
    drive = drives(user)
    drive.mount(*PIN)
    assert (drive.site / "badone/__init__.py").read_text() == "version = '1.0'\n"
    filler = small_disk / ".filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    assert error_of(drive.site / LATE) == "ENOSPC"
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert len((drive.site / LATE).read_bytes()) > BULK
    assert "No space is left" in drive.log.read_text()


def test_what_somebody_removes_from_the_cache_is_an_error_and_no_wrong_bytes(drive: Drive) -> None:
    drive.mount(*PIN)
    (drive.site / LATE).read_bytes()
    drive.umount()
    environment = next((drive.user.cache / "environments").iterdir())
    target = next(environment.glob(f"lib/*/site-packages/{LATE}"))
    drive.mount(*PIN)
    target.unlink()
    assert error_of(drive.site / LATE) == "EIO"
    assert str(target) in drive.log.read_text()


def test_what_was_read_can_be_read_on_whatever_becomes_of_the_cache(drive: Drive) -> None:
    drive.mount(*PIN)
    content = (drive.site / LATE).read_bytes()
    environment = next((drive.user.cache / "environments").iterdir())
    next(environment.glob(f"lib/*/site-packages/{LATE}")).unlink()
    drop_pages(drive.site / LATE)
    assert (drive.site / LATE).read_bytes() == content


def test_who_has_a_file_of_a_blocked_version_open_reads_on_and_nobody_else_does(
    drives: Callable[..., Drive], damaged: User
) -> None:
    """What runs already is not torn down: a library that vanished from below it would be a crash."""
    drive = drives(damaged)
    drive.mount(*PIN)
    with open(drive.site / "badone/__init__.py", "rb") as early, open(drive.site / LATE, "rb") as late:
        first = early.read()
        assert late.read(10)
        damaged.run("block", "badone==1.0", "--reason", "it sends your keys away")
        damaged.run("blocks")
        wait_until(lambda: is_refused(drive.site / "badone/__init__.py"))
        assert is_refused(drive.site / LATE)
        early.seek(0)
        assert early.read() == first and len(late.read()) > BULK - 10
        assert is_refused(drive.site / "badone/__init__.py")
    damaged.run("unblock", "badone==1.0")
    damaged.run("blocks")
    wait_until(lambda: not is_refused(drive.site / "badone/__init__.py"))
    assert (drive.site / "badone/__init__.py").read_bytes() == first


def test_a_second_block_soon_after_the_first_is_noticed_as_soon() -> None:
    """However long it took to have the kernel forget what it knew."""
    found, renewed, is_over = frozenset({1}), threading.Semaphore(0), False

    class Session:
        def renew(self) -> None:
            time.sleep(0.5)
            renewed.release()

    class Contents:
        def blocked(self) -> frozenset[int]:
            if is_over:
                threading.Event().wait()
            return found

    threading.Thread(target=_watch_blocks, args=(Contents(), Session()), daemon=True).start()
    assert renewed.acquire(timeout=60) and renewed.acquire(timeout=60)
    found = frozenset({1, 2})
    assert renewed.acquire(timeout=10)
    is_over = True


def is_refused(path: Path) -> bool:
    try:
        path.read_bytes()
    except PermissionError:
        return True
    return False


def drop_pages(path: Path) -> None:
    """Have the kernel forget what it has of a file."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
