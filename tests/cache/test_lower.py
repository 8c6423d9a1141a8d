"""A lower cache, which an administrator fills for others: looked at before the network, trusted no more than that."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.cache.lower_cache import OBJECTS, LowerCache
from cloudshelf.errors import LowerCacheUnsafe
from tests.bad_input.conftest import User, make_user
from tools.fault_proxy import FaultProxy

READ = ["--", "python", "-c", "import badone, badone.late; print(badone.version)"]
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
LOCK = "pylock.toml"


@pytest.fixture(scope="module")
def filled(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lock, and a lower cache with all that it needs; on a local shelf, which has the same objects."""
    user = make_user(tmp_path_factory.mktemp("lower") / "admin", published.as_uri())
    user.run("lock", "badone==1.0", "-o", LOCK)
    shutil.rmtree(user.cache)
    user.run("fill", "--cache", user.folder / "lower", "--lock", LOCK)
    assert not user.cache.exists()  # of an image it would be a part
    return user.folder


@pytest.fixture
def lower(remote: User, filled: Path) -> Path:
    """A copy of it, for the user of the same shelf in a bucket."""
    lock = (filled / LOCK).read_text()
    (remote.folder / LOCK).write_text(re.sub(r'"file://[^"]*"', f'"{remote.url}"', lock))
    shutil.copytree(filled / "lower", remote.folder / "lower")
    return remote.folder / "lower"


def test_filling_leaves_what_everybody_can_read_and_nobody_else_write(filled: Path) -> None:
    lower = filled / "lower"
    assert sorted(path.name for path in lower.iterdir()) == ["blobs", "objects"]
    for path in (lower, *lower.rglob("*")):
        assert path.stat().st_mode & 0o022 == 0
        assert path.stat().st_mode & 0o004


def test_a_complete_lower_cache_needs_no_network_and_no_credentials(
    remote: User, lower: Path, proxy: FaultProxy
) -> None:
    environ = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    environ |= {"CLOUDSHELF_LOWER_CACHE": str(lower), "AWS_EC2_METADATA_DISABLED": "true"}
    assert remote.run("run", "--lock", LOCK, *READ, **environ).stdout == "1.0\n"
    remote.run("fill", "--lock", LOCK, **environ)
    assert proxy.requests == ()


def test_filling_again_fetches_nothing(remote: User, lower: Path, proxy: FaultProxy) -> None:
    again = json.loads(remote.run("fill", "--cache", lower, "--lock", LOCK, "--json").stdout)
    assert (again["files"], proxy.count(path="/projects/")) == (0, 0)


def test_what_a_lower_cache_lacks_comes_from_the_shelf(remote: User, lower: Path, proxy: FaultProxy) -> None:
    shutil.rmtree(lower / "blobs")
    (lower / "blobs").mkdir()
    environ = {"CLOUDSHELF_LOWER_CACHE": f"{remote.folder / 'not-mounted'}:{lower}"}
    assert remote.run("run", "--lock", LOCK, *READ, **environ).stdout == "1.0\n"
    assert proxy.count(path="/pack/") and not proxy.count(path="/manifest/")


def test_what_is_damaged_in_a_lower_cache_is_not_taken(remote: User, lower: Path, proxy: FaultProxy) -> None:
    for path in [path for part in ("objects", "blobs") for path in lower.glob(f"{part}/*/*")]:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
    environ = {"CLOUDSHELF_LOWER_CACHE": str(lower)}
    assert remote.run("run", "--lock", LOCK, *READ, **environ).stdout == "1.0\n"
    assert proxy.count(path="/pack/") and proxy.count(path="/manifest/")
    assert remote.run("cache", "verify", **environ).stdout.startswith("All ")
    assert "its content was changed" in remote.run("cache", "verify", code=4, CLOUDSHELF_CACHE=str(lower)).stdout


def entry(lower: Path) -> Path:
    return next(path for path in sorted(lower.glob("objects/*/*")))


UNSAFE: dict[str, Callable[[Path], object]] = {
    "others write to it": lambda lower: lower.chmod(0o777),
    "others write to a part": lambda lower: (lower / "objects").chmod(0o775),
    "others write to a folder": lambda lower: entry(lower).parent.chmod(0o777),
    "others write to an entry": lambda lower: entry(lower).chmod(0o666),
    "another user's": lambda lower: os.chown(lower, 4321, 4321),
    "another user's entry": lambda lower: os.chown(entry(lower), 4321, 4321),
    "a link for an entry": lambda lower: _link(entry(lower)),
    "a pipe for an entry": lambda lower: _pipe(entry(lower)),
}


def _link(path: Path) -> None:
    other = path.parents[2] / "other"
    path.rename(other)
    path.symlink_to(other)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@ROOT_ONLY
@pytest.mark.parametrize("how", UNSAFE)
def test_what_others_could_have_written_is_refused(filled: Path, tmp_path: Path, how: str) -> None:
    lower = tmp_path / "lower"
    shutil.copytree(filled / "lower", lower)
    name = entry(lower).name
    assert LowerCache(lower).read(OBJECTS, name)
    UNSAFE[how](lower)
    with pytest.raises(LowerCacheUnsafe, match=f"The lower cache {lower}.* is not used.*CLOUDSHELF_LOWER_CACHE"):
        LowerCache(lower).read(OBJECTS, name)


def test_a_refusal_is_one_message_of_every_command(remote: User, lower: Path) -> None:
    lower.chmod(0o777)
    says = (f"The lower cache {lower} is not used", "others than its owner can write to it", "CLOUDSHELF_LOWER_CACHE")
    environ = {"CLOUDSHELF_LOWER_CACHE": str(lower)}
    remote.refused("run", "--lock", LOCK, *READ, code=3, says=says, **environ)
    remote.refused("fill", "--cache", lower, "--lock", LOCK, code=3, says=says)
    assert "!!  lower cache" in remote.run("doctor", code=1, **environ).stdout


@ROOT_ONLY
def test_an_owner_that_the_settings_name_is_trusted(remote: User, lower: Path, proxy: FaultProxy) -> None:
    for path in (lower, *lower.rglob("*")):
        os.chown(path, 4321, 4321)
    config = remote.folder / "config.toml"
    config.write_text(f'lower_cache = ["{lower}"]\nlower_cache_owners = [4321]\n')
    assert remote.run("run", "--lock", LOCK, *READ, CLOUDSHELF_CONFIG=str(config)).stdout == "1.0\n"
    assert not proxy.count(path="/projects/")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"CLOUDSHELF_LOWER_CACHE": "shelf"}, "no absolute path"),
        ({"CLOUDSHELF_LOWER_CACHE": "/srv", "CLOUDSHELF_LOWER_CACHE_OWNERS": "me"}, "no user id"),
    ],
)
def test_wrong_settings_are_named(user: User, environ: dict[str, str], says: str) -> None:
    user.refused("fill", "badone", code=2, says=(says, "CLOUDSHELF_LOWER_CACHE"), **environ)
