"""What compressing ahead promises: the same packs as later, nothing of what was refused, and no thread that stays."""

from __future__ import annotations

import random
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.codecs.pack import LARGE
from cloudshelf.errors import WheelInvalid
from cloudshelf.publisher import compressor, packing
from cloudshelf.publisher.bytecode import compile_tree
from cloudshelf.publisher.compressor import Compressor
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.order import order_tree
from cloudshelf.publisher.packing import Packed, pack_tree
from cloudshelf.publisher.profile import Recording
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.publisher.reporting import Silence
from cloudshelf.publisher.tree import unpack_wheel, write_record
from cloudshelf.repository import Repository
from cloudshelf.stores.counting import CountingStore

from .conftest import Publish
from .wheels import build_wheel, record_row

HERE = find_interpreter(None, None)
NOISE = random.Random(7)
FILES = {
    "demo/__init__.py": b"from . import z\n",
    "demo/z.py": b"",
    "demo/large.bin": NOISE.randbytes(LARGE) + bytes(LARGE) + b"end",
    "demo/large.png": NOISE.randbytes(LARGE + 1),
    "demo/exact.bin": NOISE.randbytes(LARGE),
    "demo/tests/large.bin": bytes(LARGE + 2),
}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of all contents that were compressed."""
    sizes: list[int] = []
    compress = compressor.compress_frame

    def counted(content: bytes, *, level: int) -> bytes:
        sizes.append(len(content))
        return compress(content, level=level)

    monkeypatch.setattr(compressor, "compress_frame", counted)
    return sizes


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("cloudshelf-")]


def packed(wheel: Path, folder: Path, *, ahead: bool) -> Packed:
    folder.mkdir()
    with Compressor(folder) as frames:
        tree = unpack_wheel(wheel, folder / "tree", landed=frames.begin if ahead else None)
        compile_tree(tree, HERE)
        write_record(tree, HERE.python)
        order = order_tree(tree, HERE.tag, [Recording("demo", ["site/demo/z.py", "site/demo/large.bin"])])
        return pack_tree(tree, order, frames, folder, tag=HERE.tag)


def test_packing_early_and_late_gives_the_same_packs_and_the_same_manifest(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files=FILES)
    early, late = (packed(wheel, tmp_path / name, ahead=name == "early") for name in ("early", "late"))
    assert [pack.digest for pack in early.packs] == [pack.digest for pack in late.packs]
    assert early.manifest_for(0) == late.manifest_for(0)


def test_each_frame_is_compressed_once_and_nothing_stays_but_packs(tmp_path: Path, compressed: list[int]) -> None:
    found = packed(build_wheel(tmp_path, files=FILES), tmp_path / "early", ahead=True)
    assert len(compressed) == len(found.manifest.frames)
    files = {path for path in (tmp_path / "early").iterdir() if path.is_file()}
    assert files == {pack.path for pack in found.packs}


def test_large_files_are_compressed_before_any_order_is_known(tmp_path: Path, compressed: list[int]) -> None:
    with Compressor(tmp_path) as frames:
        unpack_wheel(build_wheel(tmp_path, files=FILES), tmp_path / "tree", landed=frames.begin)
        frames._threads.shutdown()
    assert sorted(compressed) == sorted([LARGE, LARGE, 3, LARGE, 1, LARGE, 2])


def test_files_stand_in_the_tree_in_the_order_of_the_wheel(tmp_path: Path) -> None:
    tree = unpack_wheel(build_wheel(tmp_path, files=FILES), tmp_path / "tree")
    assert [path for path in tree.files if "dist-info" not in path] == [f"site/{name}" for name in FILES]


def test_a_large_file_that_record_denies_is_refused_and_never_handed_on(tmp_path: Path) -> None:
    good = build_wheel(tmp_path, files=FILES)
    with zipfile.ZipFile(good) as archive:
        record = archive.read("demo-1.0.dist-info/RECORD").decode()
    right = record_row("demo/large.bin", FILES["demo/large.bin"])
    wrong = record_row("demo/large.bin", bytes(len(FILES["demo/large.bin"])))
    wheel = build_wheel(tmp_path, files=FILES, record=record.replace(right, wrong))
    landed: list[str] = []
    with pytest.raises(WheelInvalid, match=r"demo/large\.bin is not what its RECORD says"):
        unpack_wheel(wheel, tmp_path / "tree", landed=lambda root, path, size: landed.append(path))
    assert "site/demo/large.bin" not in landed
    assert threads() == []


def test_a_large_file_that_is_damaged_is_refused_by_the_name_of_the_wheel(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files={"demo/__init__.py": b"", "demo/large.bin": NOISE.randbytes(LARGE + 1)})
    content = bytearray(wheel.read_bytes())
    content[LARGE // 2] ^= 255
    wheel.write_bytes(content)
    with pytest.raises(WheelInvalid, match=wheel.name):
        unpack_wheel(wheel, tmp_path / "tree")


def test_an_installer_file_that_is_large_does_not_meet_our_own(tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"", "demo-1.0.dist-info/INSTALLER": bytes(2 * LARGE)}
    tree = unpack_wheel(build_wheel(tmp_path, files=files), tmp_path / "tree")
    assert (tree.root / "site/demo-1.0.dist-info/INSTALLER").read_bytes() == b"cloudshelf\n"
    assert tree.files["site/demo-1.0.dist-info/INSTALLER"].size == len(b"cloudshelf\n")


def test_a_wheel_that_is_refused_ends_the_work_on_the_good_ones(
    shelf: CountingStore, put: Publish, tmp_path: Path, temporary: Path
) -> None:
    large = {f"good/{number}.bin": NOISE.randbytes(3 * LARGE) for number in range(3)}
    good = build_wheel(tmp_path, name="good", files={"good/__init__.py": b""} | large)
    bad = build_wheel(tmp_path, name="bad", record="bad/__init__.py,,\n")
    before = shelf.counts
    with pytest.raises(WheelInvalid):
        put(good, bad)
    assert shelf.counts.since(before).sent == 0
    assert (threads(), list(temporary.iterdir())) == ([], [])


class Interrupted(Silence):
    """Ctrl-C when a stage begins."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def stage(self, stage: str, what: str, total: int, unit: str) -> None:
        if stage == self._stage:
            raise KeyboardInterrupt


@pytest.mark.parametrize("stage", ["unpack", "compile", "profile", "pack", "upload"])
def test_ctrl_c_leaves_no_thread_and_no_temporary_folder(
    shelf: CountingStore, tmp_path: Path, temporary: Path, stage: str
) -> None:
    wheel = build_wheel(tmp_path, files=FILES | {"demo/z.py": b"import time; time.sleep(1000)\n"})
    if stage in ("pack", "upload"):
        wheel = build_wheel(tmp_path, files=FILES)
    before = shelf.counts
    with pytest.raises(KeyboardInterrupt):
        publish(PublishRequest(wheels=(str(wheel),), no_deps=True), shelf, reporter=Interrupted(stage))
    if stage != "upload":  # packs are on their way then; nobody sees them
        assert shelf.counts.since(before).sent == 0
    assert [stored.key for stored in shelf.list("projects/") if stored.key.endswith("/head")] == []
    assert (threads(), list(temporary.iterdir())) == ([], [])


class WaitingStore(CountingStore):
    """Says when a pack arrives."""

    def __init__(self, store: CountingStore) -> None:
        super().__init__(store)
        self.arrived = threading.Event()

    def put_new(self, key: str, data: bytes) -> None:
        super().put_new(key, data)
        if "/pack/" in key:
            self.arrived.set()


def test_a_pack_is_uploaded_while_the_next_is_compressed(
    shelf: CountingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, last = WaitingStore(shelf), b"the last frame"
    compress = compressor.compress_frame

    def compress_slowly(content: bytes, *, level: int) -> bytes:
        if last in content:
            assert store.arrived.wait(30)
        return compress(content, level=level)

    monkeypatch.setattr(packing, "PACK", 1 << 20)
    monkeypatch.setattr(compressor, "compress_frame", compress_slowly)
    files = {"demo/__init__.py": b"", "demo/large.bin": NOISE.randbytes(LARGE + 1), "demo/tests/idle.bin": last}
    publish(PublishRequest(wheels=(str(build_wheel(tmp_path, files=files)),), no_deps=True), store)
    assert Repository(store).head("demo").default == "1.0"
