"""A wheel that could deceive somebody is refused: named, with why, and not one object of it is written."""

from __future__ import annotations

import random
import re
import shutil
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.errors import WheelInvalid
from cloudshelf.publisher.archive import Limits
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.publisher.tree import InstalledTree, unpack_wheel
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.local import LocalStore
from tests.publisher.wheels import build_wheel, entry, record_row
from tests.stress import Checks, amount

from . import zips

LONG = "x" * 240
INIT = {"demo/__init__.py": b"x = 1\n", "demo/more.py": b"y = 2\n" * 100}


def refused(wheel: Path, folder: Path, says: str, **options: Any) -> None:
    """Publishing ``wheel`` fails with ``says``, and writes nothing."""
    store = CountingStore(LocalStore(str(folder / "shelf")))
    init_shelf(store, "test")
    before = store.counts
    with pytest.raises(WheelInvalid, match=re.escape(says)) as caught:
        publish(PublishRequest(wheels=(str(wheel),), no_deps=True, **options), store)
    assert caught.value.wheel == wheel.name
    assert set(store.counts.since(before).requests) <= {"get"} and store.counts.since(before).sent == 0
    assert not list(folder.parent.rglob("evil*"))


# Names of entries: (name, what is said)

NAMES = [
    ("../evil.py", "leaves its folder"),
    ("demo/../../evil.py", "leaves its folder"),
    ("demo/./evil.py", "leaves its folder"),
    ("demo/.../evil.py", "leaves its folder"),
    ("demo//evil.py", "leaves its folder"),
    ("/tmp/evil.py", "is absolute"),
    ("C:/evil.py", "is absolute"),
    ("c:evil.py", "is absolute"),
    ("demo/a\0.py", "holds a NUL"),
    ("demo\\..\\evil.py", "holds a backslash"),
    ("demo/a\n.py", "cannot be seen"),
    ("demo/a\x7f.py", "cannot be seen"),
    ("demo/gp\u202eyp.exe", "cannot be seen"),
    ("demo/a\u2028b.py", "cannot be seen"),
    (f"demo/{LONG}.py", "longer than 230 bytes"),
    (f"demo/{'ü' * 130}.py", "longer than 230 bytes"),
    (f"{'/'.join(['folder'] * 200)}/x.py", "longer than 1024 bytes"),
    ("DEMO/__init__.py", "differ in case only"),
    ("demo/__INIT__.py", "differ in case only"),
    ("demo/__init__.py/x", "is a file and a folder"),
    ("demo", "is a file and a folder"),
    ("demo/__init__.py", "stands in it twice"),
]


@pytest.mark.parametrize(("name", "says"), NAMES, ids=[repr(name)[:40] for name, _ in NAMES])
def test_a_name_that_is_not_one_file_everywhere_is_refused(tmp_path: Path, name: str, says: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicate names
        refused(build_wheel(tmp_path, extra=[(entry(name), b"")]), tmp_path, says)


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        ("demo/caf\u00e9.txt", "demo/cafe\u0301.txt", "differ in how Unicode writes them"),
        ("demo/\ufb01le.py", "demo/file.py", "differ in"),
        ("demo/stra\u00dfe.txt", "demo/STRASSE.txt", "differ in case only"),
        ("demo/\u212aelvin.py", "demo/kelvin.py", "differ in case only"),
    ],
)
def test_names_that_unicode_takes_for_one_are_refused(tmp_path: Path, one: str, two: str, says: str) -> None:
    refused(build_wheel(tmp_path, files=INIT | {one: b"1", two: b"2"}), tmp_path, says)


def test_a_name_that_does_not_say_how_it_is_written_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files=INIT | {"demo/\u00e9.py": b""})
    data = wheel.read_bytes()
    for at in [found.start() for found in re.finditer(rb"PK\x03\x04|PK\x01\x02", data)]:
        flags = at + (6 if data[at + 2] == 3 else 8)
        data = zips.patched(data, flags, struct.pack("<H", struct.unpack_from("<H", data, flags)[0] & ~(1 << 11)))
    wheel.write_bytes(data)
    refused(wheel, tmp_path, "does not say that it is UTF-8")


@pytest.mark.parametrize("kind", [0o120777, 0o010644, 0o020644, 0o140644], ids=["link", "pipe", "device", "socket"])
def test_what_is_neither_a_file_nor_a_folder_is_refused(tmp_path: Path, kind: int) -> None:
    refused(build_wheel(tmp_path, extra=[(entry("demo/x", mode=kind), b"/etc/passwd")]), tmp_path, "demo/x is")


# The ZIP itself


@pytest.mark.parametrize("change", zips.ALL.values(), ids=zips.ALL)
def test_a_zip_that_readers_read_differently_is_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    wheel = build_wheel(tmp_path, files=INIT)
    wheel.write_bytes(change(wheel.read_bytes()))
    refused(wheel, tmp_path, f"{wheel.name} was refused: ")


def test_a_zip_that_was_written_as_a_stream_is_read(tmp_path: Path) -> None:
    """Sizes behind each entry, as tools write that cannot seek: every reader agrees on those of deflated entries."""
    good, streamed = build_wheel(tmp_path, files=INIT), tmp_path / "streamed"
    streamed.mkdir()
    write_as_stream(good, streamed / good.name, zipfile.ZIP_DEFLATED)
    tree, same = unpack_wheel(good, tmp_path / "a"), unpack_wheel(streamed / good.name, tmp_path / "b")
    assert {path: file.digest for path, file in tree.files.items()} == {p: f.digest for p, f in same.files.items()}


def test_a_stored_entry_whose_end_is_not_said_before_it_is_refused(tmp_path: Path) -> None:
    good, streamed = build_wheel(tmp_path, files=INIT), tmp_path / "streamed"
    streamed.mkdir()
    write_as_stream(good, streamed / good.name, zipfile.ZIP_STORED)
    refused(streamed / good.name, tmp_path, "is not said before it")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_not_every_installer_reads_is_refused(tmp_path: Path, method: int) -> None:
    good, other = build_wheel(tmp_path, files=INIT), tmp_path / "other"
    other.mkdir()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(other / good.name, "w") as target:
        for info in source.infolist():
            target.writestr(info, source.read(info), compress_type=method)
    refused(other / good.name, tmp_path, "compressed in a way that wheels do not use")


def write_as_stream(source: Path, target: Path, method: int) -> None:
    class Pipe:
        """What zipfile cannot seek in."""

        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

        def flush(self) -> None:
            pass

    pipe = Pipe()
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(pipe, "w") as written:  # type: ignore[arg-type]
        for info in good.infolist():
            written.writestr(entry(info.filename), good.read(info), compress_type=method)
    target.write_bytes(pipe.data)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files=INIT)
    content = wheel.read_bytes()
    for number, length in enumerate([*range(0, len(content), 37), len(content) - 1]):
        wheel.write_bytes(content[:length])
        with pytest.raises(WheelInvalid):
            unpack_wheel(wheel, tmp_path / f"t{number}")


# Bombs


def test_a_bomb_of_zeros_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files=INIT | {"demo/zeros": b"\0" * 5_000_000})
    refused(wheel, tmp_path, "times its size, as bombs do", limits=Limits(harmless=1_000_000))
    refused(wheel, tmp_path / "again", "2000000 are allowed", limits=Limits(total=2_000_000))


def test_many_entries_are_refused_by_their_number_whatever_the_end_says(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, files={f"demo/m{n}.py": b"" for n in range(300)})
    refused(wheel, tmp_path, "200 are allowed", limits=Limits(entries=200))
    wheel.write_bytes(zips.with_a_count_too_small(wheel.read_bytes()))
    refused(wheel, tmp_path / "again", "its directory has others", limits=Limits(entries=200))


@pytest.mark.parametrize("size", [4, 2_000_000_000])
def test_a_size_that_is_not_the_true_one_is_refused_within_the_declared_memory(tmp_path: Path, size: int) -> None:
    wheel = build_wheel(tmp_path, files={"demo/__init__.py": b"ab" * 5000})
    true, said = struct.pack("<L", 10000), struct.pack("<L", size)
    wheel.write_bytes(wheel.read_bytes().replace(true, said))
    refused(wheel, tmp_path, "demo/__init__.py", limits=Limits(ratio=1 << 40))


def test_metadata_that_is_declared_as_gigabytes_is_not_read(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, more="\n" + "x" * 100_000)
    with zipfile.ZipFile(wheel) as archive:
        true = archive.getinfo("demo-1.0.dist-info/METADATA").file_size
    wheel.write_bytes(wheel.read_bytes().replace(struct.pack("<L", true), struct.pack("<L", 1 << 30)))
    refused(wheel, tmp_path, "67108864 are allowed", limits=Limits(ratio=1 << 40))


# What the wheel says of itself


RECORDS: list[tuple[str, Callable[[dict[str, str]], str], str]] = [
    ("empty", lambda good: "", "is not in its RECORD"),
    ("a file is missing", lambda good: "".join(r for p, r in good.items() if p != "demo/more.py"), "demo/more.py"),
    ("a file too many", lambda good: "".join(good.values()) + "demo/gone.py,sha256=x,1\n", "but not in the wheel"),
    ("another project's", lambda good: "".join(good.values()) + "../../bin/sh,,\n", "but not in the wheel"),
    ("twice", lambda good: "".join(good.values()) + good["demo/more.py"], "twice"),
    (
        "wrong hash",
        lambda g: "".join((g | {"demo/more.py": record_row("demo/more.py", b"z" * 600)}).values()),
        "RECORD",
    ),
    ("no hash", lambda good: "".join((good | {"demo/more.py": "demo/more.py,,\n"}).values()), "no sha256"),
    ("md5", lambda good: "".join((good | {"demo/more.py": "demo/more.py,md5=abc,600\n"}).values()), "no sha256"),
    ("wrong size", lambda good: "".join(good.values()).replace(",600", ",601"), "is not what its RECORD says"),
    ("huge size", lambda good: "".join(good.values()).replace(",600", "," + "9" * 5000), "malformed row"),
    ("Arabic digits", lambda good: "".join(good.values()).replace(",600", ",\u0666\u0660\u0660"), "malformed row"),
    ("no columns", lambda good: "demo/more.py\n", "malformed row"),
    ("a huge field", lambda good: f'"{"x" * 200_000}",,\n', "RECORD"),
    ("an open quote", lambda good: "".join(good.values()) + '"demo', "RECORD"),
]


@pytest.mark.parametrize(("change", "says"), [c[1:] for c in RECORDS], ids=[c[0] for c in RECORDS])
def test_a_record_that_is_not_that_of_the_wheel_is_refused(
    tmp_path: Path, change: Callable[[dict[str, str]], str], says: str
) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path, files=INIT)) as archive:
        text = archive.read("demo-1.0.dist-info/RECORD").decode()
    good = {row.split(",")[0]: f"{row}\n" for row in text.splitlines()}
    refused(build_wheel(tmp_path, files=INIT, record=change(good)), tmp_path, says)


@pytest.mark.parametrize("missing", ["RECORD", "METADATA", "WHEEL"])
def test_a_wheel_without_its_own_papers_is_refused(tmp_path: Path, missing: str) -> None:
    good, other = build_wheel(tmp_path, files=INIT), tmp_path / "other"
    other.mkdir()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(other / good.name, "w") as target:
        for info in source.infolist():
            if not info.filename.endswith(f"/{missing}"):
                target.writestr(info, source.read(info))
    refused(other / good.name, tmp_path, missing)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metadata_name": "other"}, "its METADATA is of other 1.0"),
        ({"metadata_version": "2.0"}, "its METADATA is of demo 2.0"),
        ({"metadata_version": "one"}, "the version 'one'"),
        ({"files": INIT | {"other-2.0.dist-info/METADATA": b"Name: other\nVersion: 2.0\n"}}, "2 .dist-info folders"),
        ({"files": INIT | {"demo-2.0.dist-info/METADATA": b"Name: demo\nVersion: 2.0\n"}}, "2 .dist-info folders"),
    ],
)
def test_a_wheel_that_says_two_things_of_itself_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    refused(build_wheel(tmp_path, **({"files": INIT} | options)), tmp_path, says)


# Scripts and .pth files


@pytest.mark.parametrize(
    "line",
    [
        "x;rm = demo:main",
        "x y = demo:main",
        "$(x) = demo:main",
        "`x` = demo:main",
        "../x = demo:main",
        "-rf = demo:main",
        ". = demo:main",
        "x = demo;evil:main",
        "x = demo:main();evil",
        "x = demo:__import__('os')",
        "x = demo",
        "x = %(x)s",
        "x = demo:main\nx = demo:other",
        "python = demo:main",
        "python3.11 = demo:main",
        "activate = demo:main",
    ],
)
def test_a_script_that_a_shell_or_python_would_misread_is_refused(tmp_path: Path, line: str) -> None:
    refused(build_wheel(tmp_path, files=INIT, entry_points=f"[console_scripts]\n{line}\n"), tmp_path, "was refused: ")


PLACES = [
    ("demo-1.0.data/scripts/python", "would replace the environment's own"),
    ("demo-1.0.data/scripts/activate.fish", "would replace the environment's own"),
    ("demo-1.0.data/scripts/a b;c", "no name of a command"),
    ("demo-1.0.data/data/bin/python3", "would replace the environment's own"),
    ("demo-1.0.data/data/pyvenv.cfg", "would replace the environment's own"),
    ("demo-1.0.data/data/.cloudshelf/index", "would replace the environment's own"),
    ("demo-1.0.data/data/lib/python3.11/site-packages/numpy/evil.py", "among other distributions"),
    ("demo-1.0.data/data/lib64/python3.12/evil.py", "among other distributions"),
    ("demo-1.0.data/purelib/other-2.0.dist-info/METADATA", "would be another distribution"),
    ("demo-1.0.data/platlib/other.egg-info/PKG-INFO", "would be another distribution"),
    ("demo-1.0.data/purelib/demo/more.py", "would be written twice"),
    ("demo-1.0.data/purelib/demo/More.py", "differ in case only"),
    ("demo-1.0.data/purelib/demo/more.py/x.py", "a file and a folder"),
    ("demo-1.0.data/purelib/demo", "a file and a folder"),
    ("demo-1.0.data/evil/x", "is not contained in a valid .data"),
    ("demo-1.0.data/purelib", "is in no folder that says where it goes"),
    ("other-1.0.data/scripts/x", "by some installers and not by others"),
    ("numpy.libs/libopenblas.so", "is among the libraries of numpy"),
    ("00_cloudshelf.pth", "is the environment's own"),
]


@pytest.mark.parametrize(("place", "says"), PLACES, ids=[place for place, _ in PLACES])
def test_a_file_for_a_place_that_is_not_the_wheels_is_refused(tmp_path: Path, place: str, says: str) -> None:
    refused(build_wheel(tmp_path, files=INIT | {place: b"evil"}), tmp_path, says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"/tmp/evil\n", "adds '/tmp/evil' to sys.path"),
        (b"demo\n../../../evil\n", "adds '../../../evil' to sys.path"),
        (b"import sys\0\n", "not a file that Python reads"),
        (b"\xff\xfei\0m\0", "is not UTF-8"),
        (b"#" * 70_000, "not a file that Python reads"),
    ],
)
def test_a_pth_file_leads_nowhere_else(tmp_path: Path, content: bytes, says: str) -> None:
    refused(build_wheel(tmp_path, files=INIT | {"demo.pth": content}), tmp_path, says)


def test_a_pth_file_with_code_is_told_and_stands_in_the_history(tmp_path: Path) -> None:
    from cloudshelf.repository import Repository

    store = LocalStore(str(tmp_path / "shelf"))
    init_shelf(store, "test")
    wheel = build_wheel(tmp_path, files=INIT | {"demo.pth": b"import sys\n", "plain.pth": b"demo\n"})
    (row,) = publish(PublishRequest(wheels=(str(wheel),), no_deps=True), store).projects
    assert row.remarks == ("demo.pth runs at every start",)
    assert Repository(store).head("demo").action == "publish 1.0; demo.pth runs at every start"


# Good ones beside a bad one


def test_one_bad_wheel_keeps_all_of_a_publish_away(tmp_path: Path) -> None:
    store = CountingStore(LocalStore(str(tmp_path / "shelf")))
    init_shelf(store, "test")
    good = build_wheel(tmp_path, name="good")
    bad = build_wheel(tmp_path, name="bad", extra=[(entry("../evil.py"), b"")])
    before = store.counts
    with pytest.raises(WheelInvalid, match=r"bad-1\.0"):
        publish(PublishRequest(wheels=(str(good), str(bad)), no_deps=True), store)
    assert store.counts.since(before).sent == 0


def test_limits_are_those_of_the_largest_real_wheels() -> None:
    """torch with CUDA: 5 GB unpacked at a ratio of 2; the longest real list of files has 50,000."""
    limits = Limits()
    assert limits.total >= 20 << 30 and limits.entries >= 200_000


@pytest.mark.stress
def test_no_changed_byte_of_a_wheel_makes_another_tree(tmp_path: Path, checks: Checks) -> None:
    """Whatever is changed in it: a refusal, or exactly the files that were there."""
    files = INIT | {"demo-1.0.data/scripts/x": b"#!python\n", "demo/\u00e9.txt": b"z" * 50}
    wheel = build_wheel(tmp_path, files=files, entry_points="[console_scripts]\ny = demo:main\n")
    good = wheel.read_bytes()
    expected = digests(unpack_wheel(wheel, tmp_path / "good"))
    chance = random.Random(6)
    for number in range(amount(400, 60_000)):
        data = bytearray(good)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
        wheel.write_bytes(bytes(data))
        try:
            found = digests(unpack_wheel(wheel, tmp_path / "tree"))
        except WheelInvalid:
            found = expected
        shutil.rmtree(tmp_path / "tree", ignore_errors=True)
        assert found == expected, number
        checks.add()


def digests(tree: InstalledTree) -> dict[str, str]:
    return {path: file.digest for path, file in tree.files.items()}
