"""Objects on the shelf that are not what was put there: named, not used, and nothing of them is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.errors import ObjectMissing, ShelfError
from cloudshelf.repository import Repository

from .conftest import User, assert_clear

HEAD = "projects/badone/head"
KINDS = {
    "head": HEAD,
    "release": "projects/badone/release/*",
    "manifest": "projects/badone/manifest/*",
    "pack": "projects/badone/pack/*",
}


def flip_a_byte(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def flip_the_first_byte(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def empty(data: bytes) -> bytes:
    return b""


def damage(user: User, kind: str, change: Callable[[bytes], bytes]) -> Callable[[], None]:
    """Change every object of ``kind``; what puts them right again."""
    root = Path(user.url.removeprefix("file://"))
    before = {path: path.read_bytes() for path in root.glob(KINDS[kind])}
    assert before
    for path, data in before.items():
        path.chmod(0o600)
        path.write_bytes(change(data))

    def repair() -> None:
        for path, data in before.items():
            path.write_bytes(data)

    return repair


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *[("head", change) for change in (flip_a_byte, flip_the_first_byte, cut, empty)],
        *[("release", change) for change in (flip_a_byte, cut)],
        *[("manifest", change) for change in (flip_a_byte, cut)],
        *[("pack", change) for change in (flip_a_byte, cut, empty)],
    ],
)
def test_a_damaged_object_is_named_and_never_used(damaged: User, kind: str, change: Callable[[bytes], bytes]) -> None:
    repair = damage(damaged, kind, change)
    key = KINDS[kind].rstrip("*")
    says = (key, "on the shelf is damaged", "It was not used", "cloudshelf verify")
    damaged.refused("fill", "badone", code=4, says=says)
    damaged.run("ls")
    repair()
    damaged.works("badone==1.0")


def test_an_object_that_is_gone_is_named(damaged: User) -> None:
    root = Path(damaged.url.removeprefix("file://"))
    manifests = list(root.glob(KINDS["manifest"]))
    for path in manifests:
        path.rename(path.with_name(f".{path.name}"))
    damaged.refused("fill", "badone", code=4, says=("projects/badone/manifest/", "is not in", "cloudshelf verify"))
    for path in manifests:
        path.with_name(f".{path.name}").rename(path)
    damaged.works("badone==1.0")


def test_verify_finds_what_a_user_was_told_of(damaged: User) -> None:
    repair = damage(damaged, "pack", flip_a_byte)
    found = json.loads(damaged.run("verify", "--json", code=None).stdout)["damages"]
    assert any(each["key"].startswith("projects/badone/pack/") for each in found)
    repair()
    assert not json.loads(damaged.run("verify", "--json").stdout)["damages"]


def test_verify_ends_with_the_exit_code_of_damage(damaged: User) -> None:
    damage(damaged, "pack", flip_a_byte)
    said = damaged.run("verify", code=4).stdout
    assert_clear(said, "damaged, of", "projects/badone/pack/", "Publish what is damaged again")
    assert "--repair" not in said


@pytest.mark.parametrize("kind", ["projects", "modules", "closure"])
@pytest.mark.parametrize("change", [flip_a_byte, cut, empty])
def test_a_damaged_catalog_is_found_by_verify_and_written_anew_on_request(
    damaged: User, kind: str, change: Callable[[bytes], bytes]
) -> None:
    root = Path(damaged.url.removeprefix("file://"))
    before = damaged.run("ls").stdout
    for path in root.glob(f"catalog/{kind}/[!.]*"):
        path.write_bytes(change(path.read_bytes()))
    if kind == "projects":
        damaged.refused("ls", code=4, says=("catalog/projects/", "on the shelf is damaged", "cloudshelf verify"))
    assert_clear(damaged.run("verify", code=4).stdout, f"catalog/{kind}/", "cloudshelf verify --repair")
    assert "All is sound" in damaged.run("verify", "--repair").stdout
    assert damaged.run("ls").stdout == before
    assert json.loads(damaged.python(OWNER)) == {"project": "badtwo", "version": "1.0"}


OWNER = "import cloudshelf.session as s, json; print(json.dumps(s.current().find_module('badtwo')))"


def test_a_catalog_that_lost_a_project_is_found_and_written_anew(damaged: User) -> None:
    root = Path(damaged.url.removeprefix("file://"))
    before = damaged.run("ls").stdout
    for path in root.glob("catalog/projects/[!.]*"):
        path.unlink()
    assert_clear(damaged.run("verify", code=4).stdout, "it does not show badone as it is", "--repair")
    damaged.run("verify", "--repair")
    assert damaged.run("ls").stdout == before


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_every_flip_in_a_head_is_refused_though_no_digest_names_it(published: Path, bit: int) -> None:
    data = (published / HEAD).read_bytes()
    for at in range(len(data) - 1):  # the last newline only ends a line
        store = Overlay(published, data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
        with pytest.raises(ShelfError) as caught:
            Repository(store).head("badone")
        assert_clear(str(caught.value))


class Overlay:
    """The shelf in a folder, with another head of badone."""

    def __init__(self, folder: Path, head: bytes) -> None:
        self.url = folder.as_uri()
        self._folder, self._head = folder, head

    def get(self, key: str) -> bytes:
        if key == HEAD:
            return self._head
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(key, self.url) from None
