"""Several shelves in order: the first that holds a project supplies it; one that does not say is not skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.lock import format_lock, parse_lock
from cloudshelf.codecs.names import head_key, project_of_key
from cloudshelf.errors import (
    AccessDenied,
    ObjectMissing,
    ProjectMissing,
    SeveralShelves,
    ShelfError,
    ShelfMissing,
    StoreUnreachable,
    Unsatisfiable,
    UsageError,
)
from cloudshelf.model import Lock
from cloudshelf.shelf import Shelf
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.target import target_for

from .shelves import BY, publish

TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")
TEAM, ORG = "memory:team", "memory:org"


class Failing(MemoryStore):
    """A store that refuses some keys, and remembers what it was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.refusal: Callable[[str], ShelfError | None] = lambda key: None
        self.asked: list[str] = []

    def get(self, key: str) -> bytes:
        self.asked.append(key)
        if error := self.refusal(key):
            raise error
        return super().get(key)


@pytest.fixture
def team() -> Failing:
    store = Failing(TEAM)
    init_shelf(store, "the team")
    publish(store, "numpy", "1.26.4", summary="ours")
    publish(store, "tool", "1.0", requires=["numpy>=1.20", "six"])
    return store


@pytest.fixture
def org() -> Failing:
    store = Failing(ORG)
    init_shelf(store, "the organization")
    publish(store, "six", "1.16.0", summary="Python 2 and 3")
    publish(store, "numpy", "2.1.0", summary="theirs")
    publish(store, "pandas", "2.2.3", requires=["numpy>=1.26", "six"])
    return store


@pytest.fixture
def shelf(team: Failing, org: Failing) -> Shelf:
    return Shelf(team, org)


def lock(shelf: Shelf, *requirements: str) -> Lock:
    return shelf.lock(requirements, target=TARGET).lock


def versions(lock: Lock) -> dict[str, tuple[str, str]]:
    return {pin.project: (pin.version, pin.shelf) for pin in lock.pins}


def test_the_first_shelf_that_holds_a_project_supplies_all_its_versions(shelf: Shelf) -> None:
    assert versions(lock(shelf, "tool", "pandas")) == {
        "numpy": ("1.26.4", TEAM),
        "pandas": ("2.2.3", ORG),
        "six": ("1.16.0", ORG),
        "tool": ("1.0", TEAM),
    }
    assert [facts.version for facts in shelf.versions("numpy")] == ["1.26.4"]


def test_a_newer_version_on_a_later_shelf_is_not_taken(shelf: Shelf) -> None:
    with pytest.raises(Unsatisfiable, match=r"1\.26\.4"):
        lock(shelf, "numpy>=2")


def test_the_order_decides(team: Failing, org: Failing) -> None:
    assert versions(lock(Shelf(org, team), "tool"))["numpy"] == ("2.1.0", ORG)


def test_pins_of_a_single_shelf_name_no_shelf(org: Failing) -> None:
    assert {pin.shelf for pin in lock(Shelf(org), "pandas").pins} == {""}


@pytest.mark.parametrize("error", [AccessDenied("projects/pandas/head", TEAM), StoreUnreachable(TEAM, "no route")])
def test_a_shelf_that_does_not_say_is_no_shelf_that_lacks_it(team: Failing, shelf: Shelf, error: ShelfError) -> None:
    team.refusal = lambda key: error if key == head_key("pandas") else None
    with pytest.raises(type(error), match=TEAM):
        lock(shelf, "pandas")


def test_a_later_shelf_that_is_away_hinders_nothing_that_earlier_ones_have(org: Failing, shelf: Shelf) -> None:
    org.refusal = lambda key: StoreUnreachable(ORG, "no route")
    assert versions(lock(shelf, "numpy")) == {"numpy": ("1.26.4", TEAM)}


def test_a_project_that_nobody_has_is_missing_with_what_is_near_on_either(shelf: Shelf) -> None:
    with pytest.raises(ProjectMissing) as raised:
        lock(shelf, "pandsa")
    assert raised.value.suggestions == ("pandas",)


def test_each_shelf_is_asked_once_for_each_head(team: Failing, org: Failing, shelf: Shelf) -> None:
    for store in (team, org):
        store.asked.clear()
    lock(shelf, "pandas")
    for store in (team, org):
        heads = sorted(key for key in store.asked if key.endswith("/head"))
        assert heads == [head_key(project) for project in ("numpy", "pandas", "six")]


def test_a_catalog_shows_each_project_once_with_its_shelf(shelf: Shelf) -> None:
    assert [(facts.project, facts.default) for facts in shelf.projects()] == [
        ("numpy", "1.26.4"),
        ("pandas", "2.2.3"),
        ("six", "1.16.0"),
        ("tool", "1.0"),
    ]
    assert [shelf.listed_on(name) for name in ("numpy", "six", "nothing")] == [TEAM, ORG, ""]
    assert [(found.project, found.summary) for found in shelf.search("numpy")] == [("numpy", "ours")]


def test_a_module_is_found_on_the_first_shelf_that_knows_it(shelf: Shelf) -> None:
    assert [shelf.repository.project_of(module) for module in ("numpy", "six", "nothing")] == ["numpy", "six", None]
    assert shelf.repository.head("numpy").default == "1.26.4"


def test_a_missing_shelf_is_named(team: Failing) -> None:
    with pytest.raises(ShelfMissing, match="memory:nowhere"):
        Shelf(team, MemoryStore("memory:nowhere")).info()


def test_a_change_needs_one_shelf(shelf: Shelf) -> None:
    for change in (
        lambda: shelf.yank("numpy", "1.26.4", by=BY),
        lambda: shelf.default("numpy", "1.26.4", by=BY),
        lambda: shelf.rollback("numpy", by=BY),
        shelf.verify,
        shelf.rebuild_catalog,
    ):
        with pytest.raises(SeveralShelves, match=f"{TEAM}, {ORG}. Say which: --shelf URL"):
            change()


def test_the_history_is_that_of_the_shelf_that_supplies_it(shelf: Shelf) -> None:
    assert [entry.action for entry in shelf.log("numpy")] == ["publish 1.26.4"]


def test_a_lock_keeps_the_shelves_their_order_and_who_supplies_what(shelf: Shelf) -> None:
    made = lock(shelf, "tool", "pandas")
    text = format_lock(made)
    assert f'shelf = [\n    "{TEAM}",\n    "{ORG}",\n]' in text
    assert parse_lock(text, "pylock.toml") == made
    assert parse_lock(text.replace('created-by = "cloudshelf"', 'created-by = "somebody"'), "pylock.toml") == made


def test_bytes_come_from_the_shelf_that_the_pin_names(team: Failing, org: Failing, shelf: Shelf) -> None:
    made = lock(shelf, "tool")
    for store in (team, org):
        store.asked.clear()
    assert [m.project for m in Shelf(team, org).manifests(made)] == ["numpy", "six", "tool"]
    assert [sorted(project_of_key(key) for key in store.asked) for store in (team, org)] == [["numpy", "tool"], ["six"]]


def test_a_lock_moves_to_other_shelves_that_have_the_same_bytes(org: Failing, shelf: Shelf) -> None:
    made = lock(shelf, "six")
    assert versions(made) == {"six": ("1.16.0", ORG)}
    moved = Shelf(org).move(made)
    assert (moved.shelf, versions(moved)) == (ORG, {"six": ("1.16.0", "")})
    with pytest.raises(ObjectMissing):
        Shelf(org).move(lock(shelf, "tool"))


def test_a_foreign_lock_finds_each_wheel_on_the_shelf_that_supplies_it(shelf: Shelf) -> None:
    made = lock(shelf, "tool")
    bare = made._replace(
        shelf="",
        pins=tuple(pin._replace(release="", manifest="", shelf="") for pin in made.pins),
    )
    assert versions(shelf.repin(bare, TARGET)) == versions(made)


def test_the_same_version_with_other_bytes_on_an_earlier_shelf_is_refused_by_name(team: Failing, org: Failing) -> None:
    publish(org, "only", "1.0")
    made = lock(Shelf(org), "only")._replace(shelf="")
    publish(team, "only", "1.1")  # now the team supplies the project, in other versions
    with pytest.raises(ShelfError, match=r"only 1\.0 is not on the shelf, which has: 1\.1"):
        Shelf(team, org).repin(made, TARGET)


def test_opening_several_shelves_makes_no_request(tmp_path: Path) -> None:
    urls = [f"file://{tmp_path}/one", f"file://{tmp_path}/two"]
    assert Shelf.open(",".join(urls)).url == ",".join(urls)
    with pytest.raises(UsageError):
        Shelf.open("file:///one,ftp://two")
