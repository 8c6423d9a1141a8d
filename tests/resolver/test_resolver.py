"""Resolving: each file of cases/ is a promise, and what comes out meets all that went in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from cloudshelf import errors
from cloudshelf.model import Loaded, Lock, Pin
from cloudshelf.resolving.resolver import Resolution, resolve
from cloudshelf.resolving.variants import Machine, Variants
from cloudshelf.target import Target, target_for

from .shelves import FakeRepository

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
TARGET = target_for("3.11.7", "manylinux_2_28_x86_64")


def run(case: dict[str, Any]) -> Resolution:
    """What the case asks for."""
    target = target_for(*case["target"]) if "target" in case else TARGET
    return resolve(
        case["requirements"],
        FakeRepository(case["shelf"]),
        target,
        loaded={name: Loaded(**facts) for name, facts in case.get("loaded", {}).items()},
        preferred=_lock(case["preferred"]) if "preferred" in case else None,
        constraints=case.get("constraints", ()),
        variants=_variants(case),
    )


def _variants(case: dict[str, Any]) -> Variants | None:
    machine = {name: tuple(value) if name == "cuda" else value for name, value in case.get("machine", {}).items()}
    return Variants(case.get("variant", ""), Machine(**machine)) if "machine" in case else None


def _lock(pins: dict[str, str]) -> Lock:
    rows = tuple(Pin(project, version, "", "", "", 0, "", "") for project, version in pins.items())
    return Lock("memory:", (), "3.11.7", "cpython-311", rows)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])) as raised:
            run(case)
        text = str(raised.value)
        for words in case["says"]:
            assert words in text
        for words in case.get("says_not", ()):
            assert words not in text
        return
    resolution = run(case)
    assert {pin.project: pin.version for pin in resolution.lock.pins} == case["pins"]
    assert dict(resolution.provided) == case.get("provided", {})
    if "wheels" in case:
        assert {pin.project: pin.wheel for pin in resolution.lock.pins} == case["wheels"]
    for edge in case.get("edges", ()):
        assert edge in [[e.parent, e.child, e.text] for e in resolution.edges]
    assert resolution.notes or not case.get("notes")
    assert not (resolution.notes and case.get("notes") == [])
    for words in case.get("notes", ()):
        assert any(words in note for note in resolution.notes)


def test_the_default_is_taken_without_reading_other_releases() -> None:
    repository = FakeRepository({"numpy": {"default": "1.0", "versions": {f"{n}.0": {} for n in range(1, 50)}}})
    resolve(["numpy"], repository, TARGET)
    assert set(repository.read) == {("numpy", "1.0")}


def test_the_lock_says_what_it_was_made_for() -> None:
    lock = resolve(["A>=1", "b"], FakeRepository({"a": ["1"], "b": ["1"]}), TARGET).lock
    assert (lock.shelf, lock.requirements, lock.python, lock.tag) == ("memory:", ("A>=1", "b"), "3.11.7", "cpython-311")


def test_pins_name_the_pins_that_they_asked_for() -> None:
    shelf = {"a": {"versions": {"1": {"requires": ["b[x]"], "extras": []}}}}
    shelf["b"] = {"versions": {"1": {"requires": ['c; extra == "x"'], "extras": ["x"]}}}
    shelf["c"] = {"versions": {"1": {}}}
    pins = {pin.project: pin for pin in resolve(["a"], FakeRepository(shelf), TARGET).lock.pins}
    assert (pins["a"].dependencies, pins["b"].dependencies, pins["b"].extras) == (("b",), ("c",), ("x",))


@pytest.mark.parametrize(
    "text", ["pandas==", "", "==2", "a b", "pandas @ https://x.example/p.whl", "./file.whl", "-e ."]
)
def test_what_is_no_requirement_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(errors.RequirementInvalid, match="Write it like"):
        resolve([text], FakeRepository({}), TARGET)


NAMES = ("a", "b", "c", "d")
VERSIONS = ("1.0", "1.1", "2.0", "2.1rc1", "3.0")
SPECIFIERS = st.sampled_from(("", ">=1.1", "<2", "==2.0", "!=1.1", "~=1.0", "==2.*", ">=2.1rc1"))
REQUIREMENTS = st.builds(lambda name, spec: f"{name}{spec}", st.sampled_from(NAMES), SPECIFIERS)
SHELVES = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {
                "default": st.sampled_from((None, *VERSIONS)),
                "versions": st.dictionaries(
                    st.sampled_from(VERSIONS),
                    st.fixed_dictionaries({"requires": st.lists(REQUIREMENTS, max_size=2)}),
                    min_size=1,
                ),
            }
        )
        for name in NAMES
    }
)


@settings(deadline=None, max_examples=150)
@given(SHELVES, st.lists(REQUIREMENTS, min_size=1, max_size=3))
def test_every_pin_meets_every_requirement_on_it(shelf: dict[str, Any], asked: list[str]) -> None:
    try:
        lock = resolve(asked, FakeRepository(shelf), TARGET).lock
    except errors.Unsatisfiable as error:
        assert str(error).startswith("There is no set of versions for")
        return
    pins = {pin.project: pin.version for pin in lock.pins}
    wanted = [*asked, *(line for name, v in pins.items() for line in shelf[name]["versions"][v]["requires"])]
    for text in wanted:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name], prereleases=True)
    assert set(pins) == {Requirement(text).name for text in wanted}  # nothing that nobody asked for


@settings(deadline=None, max_examples=100)
@given(SHELVES, st.lists(REQUIREMENTS, min_size=1, max_size=3))
def test_resolving_again_with_the_answer_preferred_changes_nothing(shelf: dict[str, Any], asked: list[str]) -> None:
    repository = FakeRepository(shelf)
    try:
        first = resolve(asked, repository, TARGET).lock
    except errors.Unsatisfiable:
        return
    assert resolve(asked, repository, TARGET, preferred=first).lock == first


def test_json_targets_resolve_alike() -> None:
    again = Target.from_json(json.loads(json.dumps(TARGET.to_json())))
    shelf = FakeRepository({"a": ["1", "2"]})
    assert resolve(["a"], shelf, again) == resolve(["a"], shelf, TARGET)
