"""What the benchmark makes is real: a shelf that verifies, and wheels that can be published to it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from benchmarks.synthetic import make_shelf, make_wheel, make_wide_wheel, project_name
from benchmarks.zstd_alone import level_of, read_frames
from cloudshelf.codecs.pack import LEVEL, compress_frame
from cloudshelf.codecs.wheel import parse_wheel_name
from cloudshelf.publisher.pip import IndexOptions
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.shelf import Shelf
from cloudshelf.stores.local import LocalStore

PROJECTS, RELEASES = 12, 140


def shelf_in(tmp_path: Path) -> Shelf:
    make_shelf(tmp_path / "shelf", PROJECTS, {5: RELEASES})
    return Shelf(LocalStore(str(tmp_path / "shelf")))


def test_a_made_shelf_verifies_and_resolves(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    report = shelf.verify()
    assert report.sound and report.projects == PROJECTS
    assert len(shelf.versions(project_name(5))) == RELEASES
    pins = [pin.project for pin in shelf.lock([project_name(7)]).lock.pins]
    assert pins == [project_name(n) for n in (0, 2, 7)]
    assert shelf.repository.holder(project_name(7)).closure(project_name(7))[0][0] == project_name(7)


def test_one_more_version_of_a_folded_project_can_be_published(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    wheel = make_wheel(tmp_path, 5, "2.1")
    publish(PublishRequest(wheels=(str(wheel),), no_deps=True, index=IndexOptions(no_index=True)), shelf.store)
    again = Shelf(LocalStore(str(tmp_path / "shelf")))
    assert len(again.versions(project_name(5))) == RELEASES + 1
    assert again.verify([project_name(5)]).sound


def test_a_wide_wheel_has_as_many_files_as_asked(tmp_path: Path) -> None:
    wheel = make_wide_wheel(tmp_path, 500)
    assert str(parse_wheel_name(wheel.name).version) == "1.0"
    with zipfile.ZipFile(wheel) as archive:
        contents = [name for name in archive.namelist() if name.startswith("wide/")]
    assert 500 <= len(contents) <= 502


def test_frames_are_compressed_again_as_they_were(tmp_path: Path) -> None:
    make_shelf(tmp_path / "one", 1, {0: 1})
    [(content, data)] = read_frames(tmp_path / "one", project_name(0))
    assert level_of(content, data) == LEVEL
    varied = " ".join(str(n * n) for n in range(9000)).encode()
    assert level_of(varied, compress_frame(varied, level=1)) == 1
