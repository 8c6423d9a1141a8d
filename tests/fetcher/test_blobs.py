"""What the blob cache promises: only what was verified enters, and only what is ours is used."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.codecs.names import sha256
from cloudshelf.errors import CacheUnusable, DiskFull, ObjectInvalid
from cloudshelf.fetcher.blob_writer import Assembly
from cloudshelf.fetcher.blobs import BlobCache
from cloudshelf.fetcher.disk import FICLONE

LARGE = bytes(range(256)) * 1024  # 256 KiB: linked
SMALL = b"x = 1\n"  # copied


@pytest.fixture
def blobs(tmp_path: Path) -> BlobCache:
    return BlobCache(tmp_path / "cache")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def place(blobs: BlobCache, content: bytes, folder: Path, name: str = "f", mode: int = 0o644, mtime: int = 5) -> bool:
    folder.mkdir(exist_ok=True)
    return blobs.place(sha256(content), mode, len(content), str(folder / name), folder, mtime)


@pytest.mark.parametrize("content", [SMALL, LARGE])
def test_a_cache_that_somebody_removed_is_made_anew(blobs: BlobCache, tmp_path: Path, content: bytes) -> None:
    for _ in range(2):
        blobs.put(content, sha256(content), 0o644)
        assert place(blobs, content, tmp_path / "e")
        shutil.rmtree(tmp_path / "cache")


@pytest.mark.parametrize("content", [SMALL, LARGE])
def test_what_was_put_comes_back_with_its_mode(blobs: BlobCache, tmp_path: Path, content: bytes) -> None:
    blobs.put(content, sha256(content), 0o755, mtime=5)
    assert place(blobs, content, tmp_path / "e", mode=0o755)
    placed = tmp_path / "e" / "f"
    assert placed.read_bytes() == content
    assert (stat.S_IMODE(placed.stat().st_mode), placed.stat().st_mtime) == (0o755, 5)
    assert names(tmp_path / "e") == ["f"]


def test_modes_are_kept_apart(blobs: BlobCache, tmp_path: Path) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    assert not place(blobs, LARGE, tmp_path / "e", mode=0o755)


def test_content_with_another_digest_does_not_enter(blobs: BlobCache, tmp_path: Path) -> None:
    with pytest.raises(ObjectInvalid):
        blobs.put(b"evil", sha256(SMALL), 0o644)
    assert not place(blobs, SMALL, tmp_path / "e")
    assert list((tmp_path / "cache" / "blobs" / "tmp").iterdir()) == []


def test_folders_are_ours_alone(blobs: BlobCache, tmp_path: Path) -> None:
    blobs.put(SMALL, sha256(SMALL), 0o644)
    folders = [p for p in (tmp_path / "cache").rglob("*") if p.is_dir()]
    assert len(folders) == 3
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o700 for p in (tmp_path / "cache", *folders))


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(0o755)
    BlobCache(tmp_path / "cache")
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_a_symbolic_link_for_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").mkdir(0o700)
    (tmp_path / "cache" / "blobs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CacheUnusable, match="not a folder"):
        BlobCache(tmp_path / "cache")


def test_an_entry_that_is_a_symbolic_link_is_refused(blobs: BlobCache, tmp_path: Path) -> None:
    blobs.put(SMALL, sha256(SMALL), 0o644)
    entry = Path(blobs.path(sha256(SMALL), 0o644))
    (tmp_path / "other").write_bytes(SMALL)
    entry.unlink()
    entry.symlink_to(tmp_path / "other")
    with pytest.raises(CacheUnusable, match="symbolic link"):
        place(blobs, SMALL, tmp_path / "e")
    with pytest.raises(CacheUnusable, match="symbolic link"):
        blobs.put(SMALL, sha256(SMALL), 0o644)


def test_an_entry_of_another_user_is_refused(blobs: BlobCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.put(SMALL, sha256(SMALL), 0o644)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)  # as if we were somebody else
    for use in (lambda: place(blobs, SMALL, tmp_path / "e"), lambda: blobs.put(SMALL, sha256(SMALL), 0o644)):
        with pytest.raises(CacheUnusable, match="another user"):
            use()


@pytest.mark.parametrize("change", ["size", "mode"])
def test_an_entry_that_was_changed_counts_as_missing(blobs: BlobCache, tmp_path: Path, change: str) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    entry = Path(blobs.path(sha256(LARGE), 0o644))
    if change == "size":
        entry.write_bytes(b"short")
    else:
        entry.chmod(0o600)
    assert not place(blobs, LARGE, tmp_path / "e")
    blobs.put(LARGE, sha256(LARGE), 0o644)
    assert place(blobs, LARGE, tmp_path / "e")


def test_sources_and_small_files_are_copies(blobs: BlobCache, tmp_path: Path) -> None:
    for content, name in ((SMALL, "small.bin"), (LARGE, "large.py")):
        blobs.put(content, sha256(content), 0o644)
        assert place(blobs, content, tmp_path / "e", name)
        (tmp_path / "e" / name).write_bytes(b"edited")
        assert Path(blobs.path(sha256(content), 0o644)).read_bytes() == content


def cannot(monkeypatch: pytest.MonkeyPatch, **failures: int) -> None:
    """Let system calls fail with an error number."""

    def failing(number: int) -> Any:
        def call(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        return call

    for name, number in failures.items():
        monkeypatch.setattr(fcntl if name == "ioctl" else os, name, failing(number))


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM])
def test_where_links_cannot_be_made_files_are_copied(
    blobs: BlobCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    cannot(monkeypatch, ioctl=errno.EOPNOTSUPP, link=number)
    assert place(blobs, LARGE, tmp_path / "e")
    assert (tmp_path / "e" / "f").read_bytes() == LARGE
    assert (tmp_path / "e" / "f").stat().st_nlink == 1


def test_blocks_are_shared_where_the_file_system_can(
    blobs: BlobCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    asked: list[int] = []

    def ioctl(destination: int, request: int, source: int) -> int:
        asked.append(request)
        os.pwrite(destination, os.pread(source, 1 << 20, 0), 0)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert place(blobs, LARGE, tmp_path / "e")
    assert asked == [FICLONE]
    assert (tmp_path / "e" / "f").stat().st_nlink == 1


def test_a_file_system_that_cannot_share_is_asked_once(
    blobs: BlobCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    asked: list[int] = []

    def ioctl(_: int, request: int, __: int) -> int:
        asked.append(request)
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert place(blobs, LARGE, tmp_path / "e", "f") and place(blobs, LARGE, tmp_path / "e", "g")
    assert len(asked) == 1
    assert (tmp_path / "e" / "f").stat().st_nlink == 3


def test_placing_again_leaves_no_temporary_name(blobs: BlobCache, tmp_path: Path) -> None:
    """rename(2) between two names of one file does nothing and keeps both."""
    blobs.put(LARGE, sha256(LARGE), 0o644)
    assert place(blobs, LARGE, tmp_path / "e") and place(blobs, LARGE, tmp_path / "e")
    assert names(tmp_path / "e") == ["f"]


def test_what_a_killed_process_left_is_removed(blobs: BlobCache, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    folder = tmp_path / "cache" / "blobs" / "tmp"
    (folder / f"{gone.pid}.7").write_bytes(b"half")
    (folder / f"{os.getpid()}.7").write_bytes(b"in use")
    BlobCache(tmp_path / "cache")
    assert names(folder) == [f"{os.getpid()}.7"]


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 128 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", folder]).returncode:
        pytest.skip("cannot mount a file system here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_cache_says_so_and_keeps_nothing_half(tiny: Path, tmp_path: Path) -> None:
    blobs = BlobCache(tiny / "cache")
    with pytest.raises(DiskFull):
        blobs.put(LARGE, sha256(LARGE), 0o644)
    assert names(tiny / "cache" / "blobs" / "tmp") == []
    blobs.put(SMALL, sha256(SMALL), 0o644)
    assert place(blobs, SMALL, tmp_path / "e")


def test_a_full_environment_says_so_and_keeps_nothing_half(blobs: BlobCache, tiny: Path) -> None:
    blobs.put(LARGE, sha256(LARGE), 0o644)
    with pytest.raises(DiskFull):
        place(blobs, LARGE, tiny / "e")
    assert names(tiny / "e") == []


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]])
def test_pieces_may_come_in_any_order(blobs: BlobCache, tmp_path: Path, order: list[int]) -> None:
    digest, third = sha256(LARGE), len(LARGE) // 3 + 1
    assembly = Assembly(blobs.writer(digest, 0o644, 5), len(LARGE))
    done = [assembly.add(n * third, memoryview(LARGE)[n * third : (n + 1) * third]) for n in order]
    assert done == [False, False, True]
    assert place(blobs, LARGE, tmp_path / "e")
    assert (tmp_path / "e" / "f").read_bytes() == LARGE


def test_an_assembly_with_a_wrong_piece_does_not_enter(blobs: BlobCache, tmp_path: Path) -> None:
    assembly = Assembly(blobs.writer(sha256(LARGE), 0o644, 5), len(LARGE))
    assembly.add(0, memoryview(LARGE)[:1000])
    with pytest.raises(ObjectInvalid):
        assembly.add(1000, memoryview(bytes(len(LARGE) - 1000)))
    assembly.close()
    assert not place(blobs, LARGE, tmp_path / "e")
    assert names(tmp_path / "cache" / "blobs" / "tmp") == []
