"""What a shelf in a folder promises beyond the contract: crashes, other users, other machines, full disks."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.errors import AccessDenied, Conflict, DiskFull, ObjectMissing, ShelfError, StoreUnreachable
from cloudshelf.stores import local
from cloudshelf.stores.local import LocalStore
from cloudshelf.stores.opening import open_store

KEY = "projects/numpy/head"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def names(root: Path) -> set[str]:
    """Every file under ``root``, the store's own ones included."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_opening_and_reading_create_nothing(root: Path) -> None:
    store = LocalStore(root)
    with pytest.raises(ObjectMissing):
        store.get("shelf.json")
    assert list(store.list("")) == []
    store.delete("shelf.json")
    assert not root.exists()


def test_objects_are_files_of_the_same_name_that_follow_the_umask(root: Path) -> None:
    before = os.umask(0o022)
    try:
        LocalStore(root).put_new(KEY, b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / KEY).stat().st_mode) == 0o644
    assert stat.S_IMODE((root / KEY).parent.stat().st_mode) == 0o755
    assert names(root) == {KEY}


def test_a_replaced_head_follows_the_umask_too(root: Path) -> None:
    store = LocalStore(root)
    before = os.umask(0o002)
    try:
        store.replace(KEY, b"2", etag=store.replace(KEY, b"1", etag=None))
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / KEY).stat().st_mode) == 0o664


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_writer_killed_before_the_commit_leaves_nothing_visible(root: Path, step: str) -> None:
    """SIGKILL at the last moment before the bytes are synced, or before they get their name."""
    program = (
        "import os, signal, sys; from cloudshelf.stores.local import LocalStore\n"
        f"os.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "LocalStore(sys.argv[1]).put_new(sys.argv[2], b'half')"
    )
    root.joinpath("projects/numpy").mkdir(parents=True)
    ended = subprocess.run([sys.executable, "-c", program, str(root), KEY], timeout=60)
    assert ended.returncode == -9
    store = LocalStore(root)
    assert list(store.list("")) == []
    with pytest.raises(ObjectMissing):
        store.get(KEY)
    store.put_new(KEY, b"whole")
    assert store.get(KEY) == b"whole"


def test_processes_that_replace_one_head_lose_nothing(root: Path) -> None:
    program = (
        "import sys; from cloudshelf.stores.local import LocalStore; from cloudshelf.errors import Conflict\n"
        "store = LocalStore(sys.argv[1])\n"
        "for _ in range(20):\n"
        "    while True:\n"
        "        data, etag = store.get_tagged('head')\n"
        "        try: store.replace('head', str(int(data) + 1).encode(), etag=etag)\n"
        "        except Conflict: continue\n"
        "        break\n"
    )
    LocalStore(root).put_new("head", b"0")
    writers = [subprocess.Popen([sys.executable, "-c", program, str(root)]) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert LocalStore(root).get("head") == b"80"
    assert names(root) == {"head", ".head.lock"}


def test_a_link_whose_reply_nfs_lost_is_ours(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def link_and_say_it_was_there(source: Path, target: Path) -> None:
        link(source, target)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(os, "link", link_and_say_it_was_there)
    LocalStore(root).put_new(KEY, b"1")
    assert names(root) == {KEY}


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links_will_do(root: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(root)
    store.put_new(KEY, b"1")
    with pytest.raises(Conflict):
        store.put_new(KEY, b"2")
    assert store.get(KEY) == b"1"
    assert not [name for name in names(root) if ".new-" in name]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EACCES, AccessDenied),
        (errno.EROFS, AccessDenied),
        (errno.ESTALE, StoreUnreachable),
        (errno.EIO, StoreUnreachable),
    ],
)
def test_a_failing_disk_is_named_and_nothing_is_left(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: type[ShelfError]
) -> None:
    store = LocalStore(root)
    etag = store.replace("projects/numpy/other", b"1", etag=None)

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(expected):
            store.put_new(KEY, b"1")
        with pytest.raises(expected):
            store.replace("projects/numpy/other", b"2", etag=etag)
    assert [s.key for s in store.list("")] == ["projects/numpy/other"]
    assert store.get_tagged("projects/numpy/other") == (b"1", etag)
    assert not [name for name in names(root) if ".new-" in name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_project_that_one_may_not_read_is_denied(root: Path) -> None:
    store = LocalStore(root)
    store.put_new(KEY, b"1")
    folder = (root / KEY).parent
    folder.chmod(0)
    try:
        with pytest.raises(AccessDenied):
            store.get(KEY)
    finally:
        folder.chmod(0o755)


def test_a_holder_that_does_not_let_go_is_an_error_and_no_hang(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_LOCK_SECONDS", 0.1)
    store = LocalStore(root)
    etag = store.replace(KEY, b"1", etag=None)
    with open((root / KEY).with_name(".head.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreUnreachable, match="lock"):
            store.replace(KEY, b"2", etag=etag)
    store.replace(KEY, b"2", etag=etag)


def test_a_folder_with_a_space_and_a_percent_is_found_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "our shelf 100%"))
    store.put_new(KEY, b"1")
    assert open_store(store.url).get(KEY) == b"1"
    assert (tmp_path / "our shelf 100%" / KEY).exists()
