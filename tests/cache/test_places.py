"""Where a cache may be: any file system that people have, and what is said of those that do not fit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf import cache_place
from cloudshelf.cache_place import default_place, file_system, network_of, remarks, replaceable
from cloudshelf.codecs.names import sha256
from cloudshelf.environment.build import build_environment
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.errors import CacheUnusable
from cloudshelf.fetcher.blobs import BlobCache
from tests.bad_input.conftest import User, assert_clear, stop_fetchers
from tests.importing.environments import EXTENSION, Project, lock_of
from tests.stress import amount

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
READ = ["--", "python", "-c", "import badone, badone.late; print(badone.version)"]
LARGE = bytes(range(256)) * 1024  # is linked where that can be


def mount(folder: Path, *words: str) -> None:
    done = subprocess.run(["mount", *words, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"it cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mount point with a space and letters beyond ASCII in its name; what a test mounts there is taken away."""
    folder = tmp_path / "Größe of Ωmega"
    folder.mkdir()
    yield folder
    mounted = [where for where in (folder, *folder.rglob("*")) if where.is_mount()]
    for where in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def works_from(user: User, cache: Path) -> None:
    environ = {"CLOUDSHELF_CACHE": str(cache)}
    user.environ |= environ
    for _ in range(2):  # cold and warm
        assert user.run("run", "--with", "badone", *READ).stdout in ("1.0\n", "2.0\n")
    user.run("run", "--fill", "--with", "badone", "--with", "badtwo", *READ)
    assert user.run("cache", "verify").stdout.startswith("All ")
    stop_fetchers(user)


@ROOT_ONLY
def test_a_cache_works_in_a_folder_with_any_name(user: User, disk: Path) -> None:
    works_from(user, disk / "a cache – ça va" / "𝕏")


@ROOT_ONLY
def test_a_cache_works_where_hard_links_cannot_cross(user: User, disk: Path) -> None:
    """Blobs on one file system, environments on another (EXDEV)."""
    cache = disk / "cache"
    (cache / "blobs").mkdir(mode=0o700, parents=True)
    cache.chmod(0o700)
    mount(cache / "blobs", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs")
    works_from(user, cache)


@ROOT_ONLY
def test_a_cache_works_on_an_overlay(user: User, disk: Path) -> None:
    mount(disk, "-t", "tmpfs", "tmpfs")  # an overlay on an overlay cannot be
    for name in ("lower", "upper", "work", "cache"):
        (disk / name).mkdir()
    options = f"lowerdir={disk}/lower,upperdir={disk}/upper,workdir={disk}/work"
    mount(disk / "cache", "-t", "overlay", "-o", options, "overlay")
    works_from(user, disk / "cache" / "own")


@pytest.mark.stress
def test_a_file_with_as_many_links_as_can_be_is_copied(tmp_path: Path, checks: object) -> None:
    """EMLINK: 65,000 names on ext4."""
    blobs = BlobCache(tmp_path / "cache")
    blobs.put(LARGE, sha256(LARGE), 0o644)
    blobs._clones = False  # as where no blocks can be shared
    (tmp_path / "names").mkdir()
    entry, made = blobs.path(sha256(LARGE), 0o644), 0
    try:
        for made in range(amount(65_000, 65_000)):
            os.link(entry, tmp_path / "names" / str(made))
    except OSError as error:
        assert error.errno == 31  # EMLINK
    for name in ("one", "two"):
        assert blobs.place(sha256(LARGE), 0o644, len(LARGE), str(tmp_path / name), tmp_path, 5)
        assert (tmp_path / name).read_bytes() == LARGE
    checks.add()  # type: ignore[attr-defined]


@ROOT_ONLY
def test_where_no_library_can_be_loaded_that_is_said_before_anything_is_fetched(user: User, disk: Path) -> None:
    mount(disk, "-t", "tmpfs", "-o", "noexec", "tmpfs")
    native = Project("fast", {f"site/fast{EXTENSION}": b"\x7fELF"})
    plain = Project("plain", {"site/plain.py": "x = 1\n"})

    def build(project: Project) -> Path:
        fetcher = [sys.executable, "-m", "cloudshelf.fetcher"]
        here, cache = describe_interpreter(), disk / "cache"
        return build_environment(
            lock_of([project]), [project.manifest()], cache=cache, interpreter=here, fetcher=fetcher
        )

    with pytest.raises(CacheUnusable, match="noexec, from which no library can be loaded"):
        build(native)
    assert build(plain).exists()
    assert "noexec" in user.run("doctor", code=1, CLOUDSHELF_CACHE=str(disk / "cache")).stdout


# Where it is when nobody says so


def test_the_usual_place_is_the_home(tmp_path: Path) -> None:
    assert default_place(tmp_path / ".cache" / "cloudshelf", {}) == (tmp_path / ".cache" / "cloudshelf", "")


@ROOT_ONLY
def test_in_a_home_that_cannot_be_written_the_import_works_from_another_place(user: User, disk: Path) -> None:
    mount(disk, "-t", "tmpfs", "-o", "ro", "tmpfs")
    temporary = user.folder / "tmp"
    temporary.mkdir()
    del user.environ["CLOUDSHELF_CACHE"]
    user.environ |= {"HOME": str(disk), "TMPDIR": str(temporary), "IPYTHONDIR": str(temporary)}
    cache = temporary / f"cloudshelf-cache-{os.geteuid()}"
    done = user.run("run", "--with", "badone", *READ)
    assert done.stdout in ("1.0\n", "2.0\n")
    assert_clear(done.stderr, f"Files are kept in {cache}", "cannot be written", "CLOUDSHELF_CACHE")
    assert cache.stat().st_mode & 0o777 == 0o700
    again = user.run("run", "--with", "badone", *READ)  # it is said once
    assert "Files are kept" not in again.stderr
    assert "default, because" in user.run("doctor", code=None).stdout
    user.environ["CLOUDSHELF_CACHE"] = str(cache)
    stop_fetchers(user)


@ROOT_ONLY
def test_of_all_places_memory_is_the_last(disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mount(disk, "-t", "tmpfs", "-o", "ro", "tmpfs")
    others = cache_place._others({"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(disk)})
    order = [str(place.parent) for place in others]
    assert order == [each for each in (str(tmp_path), "/var/tmp", "/tmp", "/dev/shm", str(disk)) if Path(each).is_dir()]
    name = f"cloudshelf-cache-{os.geteuid()}"
    (tmp_path / name).symlink_to("/etc")  # somebody else was there first
    monkeypatch.setattr(cache_place, "_others", lambda _: iter([tmp_path / name, disk / name, tmp_path / "memory"]))
    assert default_place(disk / "cloudshelf", {}) == (tmp_path / "memory", f"{disk / 'cloudshelf'} cannot be written")


@ROOT_ONLY
@pytest.mark.parametrize(
    "name", ["a\u2028b", "a\x0bb", "a\x85b", "a\nb", "a b\\040", b"\xff".decode(errors="surrogateescape")]
)
def test_a_mount_of_any_name_on_the_machine_hides_no_other(disk: Path, name: str) -> None:
    mount(disk, "-t", "tmpfs", "tmpfs")
    odd = disk / name
    odd.mkdir()
    mount(odd, "-t", "ramfs", "ramfs")
    try:
        assert (file_system(odd), file_system(disk), file_system(Path("/proc"))) == ("ramfs", "tmpfs", "proc")
    finally:
        subprocess.run(["umount", odd], check=True)


@ROOT_ONLY
def test_a_home_on_a_network_is_passed_over_and_a_chosen_place_there_is_warned_of(
    disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mount(disk, "-t", "tmpfs", "tmpfs")
    assert (file_system(disk), network_of(disk)) == ("tmpfs", "")
    assert network_of(tmp_path) == ""

    monkeypatch.setattr(cache_place, "_NETWORK", re.compile("tmpfs"))  # no server of files is at hand
    assert network_of(disk / "not" / "there") == "tmpfs"
    place, why = default_place(disk / ".cache", {"TMPDIR": str(tmp_path)})
    assert place.parent == tmp_path and why == f"{disk / '.cache'} is on a network (tmpfs)"
    (warning,) = remarks(disk / "chosen", "")
    assert_clear(warning, "on a network (tmpfs), which is slow", "CLOUDSHELF_CACHE")
    assert remarks(tmp_path, "") == []


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "lustre", "fuse.sshfs", "fuse.s3fs", "9p", "ceph"])
def test_file_systems_of_networks_are_known(kind: str) -> None:
    assert cache_place._NETWORK.fullmatch(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.fuse-overlayfs", "fuseblk"])
def test_file_systems_of_this_machine_are_none_of_a_network(kind: str) -> None:
    assert not cache_place._NETWORK.fullmatch(kind)


def test_a_folder_that_others_could_replace_is_named(tmp_path: Path) -> None:
    (tmp_path / "open" / "in").mkdir(parents=True)
    assert replaceable(tmp_path / "open" / "in" / "cache") == ""
    (tmp_path / "open").chmod(0o777)
    assert replaceable(tmp_path / "open" / "in" / "cache") == str(tmp_path / "open")
    (tmp_path / "open").chmod(0o1777)
    assert replaceable(tmp_path / "open" / "in" / "cache") == ""
