"""Across an air gap: a bundle carries what was signed outside, and who imports it can require that."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from cloudshelf.codecs.bundle import INDEX, parse_bundle
from cloudshelf.codecs.envelope import format_object, parse_object
from cloudshelf.codecs.names import TRUST_HEAD, head_key
from cloudshelf.errors import BundleInvalid, KeyUnknown, SignatureError, TrustRefused
from cloudshelf.verbs.carrying import export, import_

from .shelves import SignedShelf, forge, new_key

OUTSIDE = "memory:outside"


@pytest.fixture
def bundle(memory_shelf: SignedShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """numpy, as a signed shelf outside has it."""
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(tmp_path / "verbs"))
    memory_shelf.publish("numpy", "1")
    monkeypatch.setattr("cloudshelf.verbs.common.shared_store", lambda url: memory_shelf.store)
    file = tmp_path / "numpy.tar"
    export({"bundle": str(file), "requirements": ["numpy"], "shelf": OUTSIDE}, lambda event: None)
    return file


def check(file: Path, signed_by: str) -> None:
    args = {"bundle": str(file), "shelf": OUTSIDE, "signed_by": signed_by, "dry_run": True}
    import_(args, lambda event: None)


def change(file: Path, name: str, data: bytes | None) -> None:
    """What somebody does who carries it: other bytes for a member (None: it is gone), and an index that says so."""
    with tarfile.open(file) as archive:
        members = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    members = {key: value for key, value in (members | {name: data}).items() if value is not None}
    fields = {k: v for k, v in parse_object(members[INDEX], "bundle", INDEX).raw.items() if k not in ("format", "kind")}
    order = [row[0] for row in fields["members"] if row[0] in members]
    fields["members"] = [[key, len(members[key]), hashlib.sha256(members[key]).hexdigest()] for key in order]
    members[INDEX] = format_object("bundle", fields)
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        for key in (INDEX, *order):
            entry = tarfile.TarInfo(key)
            entry.size = len(members[key])
            archive.addfile(entry, io.BytesIO(members[key]))
    assert parse_bundle(members[INDEX])


def test_what_was_signed_outside_is_taken_inside(memory_shelf: SignedShelf, bundle: Path) -> None:
    (first,) = memory_shelf.pins.digests
    check(bundle, f"sha256:{first}")


def test_a_bundle_of_another_shelf_than_the_pinned_one_is_refused(bundle: Path) -> None:
    with pytest.raises(TrustRefused):
        check(bundle, "0" * 64)


@pytest.mark.parametrize("attack", ["a stranger's head", "no head", "no root document", "another version"])
def test_what_was_changed_on_the_way_is_refused(memory_shelf: SignedShelf, bundle: Path, attack: str) -> None:
    (first,) = memory_shelf.pins.digests
    error: type[Exception] = BundleInvalid
    match attack:
        case "a stranger's head":
            change(bundle, head_key("numpy"), forge(memory_shelf.head("numpy"), {"by": "x"}, new_key()))
            error = KeyUnknown
        case "no head":
            change(bundle, head_key("numpy"), None)
        case "no root document":
            change(bundle, TRUST_HEAD, None)
            error = SignatureError
        case "another version":
            versions = {"1": ["0" * 64, None]}
            change(
                bundle, head_key("numpy"), forge(memory_shelf.head("numpy"), {"versions": versions}, memory_shelf.anna)
            )
    with pytest.raises(error):
        check(bundle, first)


def test_a_bundle_has_the_heads_and_every_root_document_as_they_are_stored(
    memory_shelf: SignedShelf, bundle: Path
) -> None:
    with tarfile.open(bundle) as archive:
        members = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    assert members[head_key("numpy")] == memory_shelf.head("numpy")
    assert members[TRUST_HEAD] == memory_shelf.store.get(TRUST_HEAD)
    assert sum(name.startswith("trust/_history/") for name in members) == 2
