"""What packs promise: the order of an import, boundaries where fetching stops, and nothing lost on the way."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest

from cloudshelf.codecs.manifest import format_manifest, parse_manifest
from cloudshelf.codecs.pack import LARGE, decompress_frame
from cloudshelf.model import Kind
from cloudshelf.publisher import packing
from cloudshelf.publisher.bytecode import compile_tree
from cloudshelf.publisher.compressor import Compressor
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.order import Ordered, order_tree
from cloudshelf.publisher.packing import Packed, frames_of, pack_tree
from cloudshelf.publisher.profile import Recording
from cloudshelf.publisher.tree import InstalledTree, TreeFile, unpack_wheel, write_record

from .wheels import build_wheel

HERE = find_interpreter(None, None)
FILES = {
    "demo/__init__.py": b"from . import z\n",
    "demo/z.py": b"",
    "demo/beside.py": b"",
    "demo/stub.pyi": b"",
    "demo/deep/far.py": b"",
    "demo/deep/table.csv": b"1",
    "demo/tests/test_it.py": b"",
}


def tree_of(folder: Path, files: dict[str, bytes]) -> InstalledTree:
    tree = unpack_wheel(build_wheel(folder, files=files), folder / "tree")
    compile_tree(tree, HERE)
    write_record(tree, HERE.python)
    return tree


def names(rows: tuple[TreeFile, ...]) -> list[str]:
    """Without bytecode, whose place beside its source has a test of its own."""
    return [row.path.removeprefix("site/demo/") for row in rows if not row.path.endswith(".pyc")]


def sections(ordered: Ordered) -> list[list[str]]:
    bounds = [0, ordered.recorded, ordered.eager, ordered.rest, ordered.idle]
    return [names(ordered.rows[a:b]) for a, b in itertools.pairwise(bounds)]


def test_recorded_then_eager_then_rest_then_idle(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, FILES)
    recording = Recording("demo", ["site/demo/__init__.py", "site/demo/z.py"])
    recorded, eager, rest, idle = sections(order_tree(tree, HERE.tag, [recording]))
    assert recorded == ["__init__.py", "z.py"]
    assert eager == ["deep/table.csv"]
    assert rest == ["beside.py", "deep/far.py"]
    assert idle == ["site/demo-1.0.dist-info/RECORD", "stub.pyi", "tests/test_it.py"]


def test_bytecode_stands_right_behind_its_source(tmp_path: Path) -> None:
    ordered = order_tree(tree_of(tmp_path, FILES), HERE.tag, [Recording("demo", ["site/demo/z.py"])])
    paths = [row.path for row in ordered.rows]
    for name in ("demo/z", "demo/beside", "demo/deep/far"):
        folder, _, stem = name.rpartition("/")
        at = paths.index(f"site/{name}.py")
        assert paths[at + 1] == f"site/{folder}/__pycache__/{stem}.{HERE.tag}.pyc"


def test_what_an_import_touched_is_not_idle_even_among_tests(tmp_path: Path) -> None:
    ordered = order_tree(tree_of(tmp_path, FILES), HERE.tag, [Recording("demo", ["site/demo/tests/test_it.py"])])
    kinds = {row.path: row.kind for row in ordered.rows}
    assert kinds["site/demo/tests/test_it.py"] is Kind.SOURCE
    assert kinds[f"site/demo/tests/__pycache__/test_it.{HERE.tag}.pyc"] is Kind.BYTECODE


def test_what_has_to_be_there_before_a_body_stands_before_it(tmp_path: Path) -> None:
    files = FILES | {"demo/beside.json": b"{}", "demo/deep/__init__.py": b"", "demo/first.txt": b"opened"}
    order = [f"site/demo/{name}.py" for name in ("__init__", "z", "deep/__init__")]
    recording = Recording("demo", order, opened=["site/demo/z.py"])
    recorded, *_ = sections(order_tree(tree_of(tmp_path, files), HERE.tag, [recording]))
    assert recorded == ["z.py", "beside.json", "first.txt", "__init__.py", "deep/table.csv", "deep/__init__.py"]


def test_what_a_submodule_touches_besides_stands_together_after_what_an_import_needs(tmp_path: Path) -> None:
    later = ["site/demo/deep/far.py", "site/demo/__init__.py", "site/demo/beside.py"]
    recording = Recording("demo", ["site/demo/__init__.py"], later=later)
    _, _, rest, _ = sections(order_tree(tree_of(tmp_path, FILES), HERE.tag, [recording]))
    assert rest == ["deep/far.py", "beside.py", "z.py"]


def test_what_recorded_modules_may_import_stands_next_each_with_what_that_imports(tmp_path: Path) -> None:
    """A condition that did not hold when it was recorded, functions, functions of what these import; then the rest."""
    modules = ("a", "by_condition", "by_function", "deep/of_that", "deep/of_its_function", "unrelated", "zz")
    files = {"demo/__init__.py": b"", "demo/deep/__init__.py": b""} | {f"demo/{name}.py": b"" for name in modules}
    imports = {
        "site/demo/__init__.py": ("demo.zz", "demo.by_condition"),
        "site/demo/by_function.py": ("demo.deep.of_that", "demo"),
    }
    later = {
        "site/demo/zz.py": ("demo.by_function", "json", "demo.a"),
        "site/demo/deep/of_that.py": ("demo.deep.of_its_function", "demo.by_condition"),
    }
    recording = Recording("demo", ["site/demo/__init__.py", "site/demo/zz.py"])
    _, _, rest, _ = sections(order_tree(tree_of(tmp_path, files), HERE.tag, [recording], imports, later))
    reached = ["by_condition.py", "by_function.py", "deep/of_that.py", "deep/__init__.py", "deep/of_its_function.py"]
    assert rest == [*reached, "a.py", "unrelated.py"]


def test_what_a_submodule_touched_stays_together_though_a_function_imports_it(tmp_path: Path) -> None:
    recording = Recording(
        "demo", ["site/demo/__init__.py"], later=["site/demo/deep/far.py", "site/demo/z.py", "site/demo/beside.py"]
    )
    later = {"site/demo/__init__.py": ("demo.beside", "demo.z")}
    _, _, rest, _ = sections(order_tree(tree_of(tmp_path, FILES), HERE.tag, [recording], {}, later))
    assert rest == ["deep/far.py", "z.py", "beside.py"]


def test_without_a_profile_the_top_level_package_is_eager(tmp_path: Path) -> None:
    recorded, eager, _rest, _idle = sections(order_tree(tree_of(tmp_path, FILES), HERE.tag, []))
    assert (recorded, eager) == ([], ["__init__.py", "beside.py", "z.py", "deep/table.csv"])


def test_libraries_stand_before_who_needs_them_even_in_a_circle(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, FILES)
    needs = {
        "demo/ext.so": ("liba.so",),
        "demo.libs/liba.so": ("libb.so",),
        "demo.libs/libb.so": ("liba.so", "libc.so.6"),
    }
    for name, needed in needs.items():
        path = f"site/{name}"
        kind = Kind.EXTENSION if name.startswith("demo/") else Kind.LIBRARY
        tree.files[path] = TreeFile(path, 1, 0o644, 0, "a" * 64, kind, needed)
    ordered = order_tree(tree, HERE.tag, [Recording("demo", ["site/demo/ext.so"])])
    expected = ["site/demo.libs/libb.so", "site/demo.libs/liba.so", "site/demo/ext.so"]
    assert list(ordered.profiles[0].order) == expected
    assert [row.path for row in ordered.rows[:3]] == expected


@pytest.mark.parametrize(("error", "late"), [("", True), ("no such module", False)])
def test_libraries_that_only_modules_link_stand_with_the_rest(tmp_path: Path, error: str, late: bool) -> None:
    """Where an import failed, nobody knows which modules it loads."""
    tree = tree_of(tmp_path, FILES)
    natives = {"late.so": ("liblate.so",), "liblate.so": (), "plugin.so": ("libplugin.so",), "libplugin.so": ()}
    for digit, (name, needs) in enumerate(natives.items()):
        path, kind = f"site/demo/{name}", Kind.EXTENSION if name == "late.so" else Kind.LIBRARY
        tree.files[path] = TreeFile(path, 1, 0o644, 0, str(digit) * 64, kind, needs)
    recording = Recording("demo", ["site/demo/__init__.py"], error=error)
    recorded, _eager, rest, _idle = sections(order_tree(tree, HERE.tag, [recording]))
    beside = ["liblate.so", "libplugin.so", "plugin.so"]
    assert recorded == [name for name in beside if not (late and name == "liblate.so")] + ["__init__.py"]
    assert ("liblate.so" in rest) is late


def pack(tree: InstalledTree, recordings: list[Recording]) -> Packed:
    folder = tree.root.parent / "packs"
    folder.mkdir()
    with Compressor(folder) as compressor:
        return pack_tree(tree, order_tree(tree, HERE.tag, recordings), compressor, folder, tag=HERE.tag)


def content_of(packed: Packed, path: str) -> bytes:
    manifest = packed.manifest
    file = next(file for file in manifest.files if file.path == path)
    if file.frame < 0:
        return manifest.inline[path]
    packs = {local.digest: local.path.read_bytes() for local in packed.packs}
    content = b""
    for number in frames_of(file, packed):
        frame = manifest.frames[number]
        content += decompress_frame(packs[frame.pack][frame.offset :][: frame.length], frame, "demo")
    return content[file.offset :][: file.size]


def test_every_byte_comes_back_from_many_frames_and_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "PACK", 1 << 20)
    noise = random.Random(7)
    files = FILES | {
        "demo/large.bin": noise.randbytes(2 * LARGE + 5),
        "demo/exact.bin": noise.randbytes(LARGE),
        "demo/empty.bin": b"",
        "demo/image.png": noise.randbytes(1000),
    }
    tree = tree_of(tmp_path, files | {f"demo/many/{n}.bin": noise.randbytes(n * 100) for n in range(100)})
    packed = pack(tree, [])
    assert len(packed.packs) > 3
    for path in tree.files:
        assert content_of(packed, path) == (tree.root / path).read_bytes(), path
    data = packed.manifest_for(3)
    assert format_manifest(parse_manifest(data, "demo", "k")) == data


def test_no_frame_spans_recorded_eager_rest_and_idle_files(tmp_path: Path) -> None:
    packed = pack(tree_of(tmp_path, FILES), [Recording("demo", ["site/demo/__init__.py", "site/demo/z.py"])])
    first = [file.frame for file in packed.manifest.files if file.frame >= 0]
    names = [file.path for file in packed.manifest.files]
    bounds = ["site/demo/deep/table.csv", "site/demo/beside.py", "site/demo-1.0.dist-info/RECORD"]
    for path in bounds:
        at = names.index(path)
        assert first[at] == first[at - 1] + 1
    eager = sum(frame.length for frame in packed.manifest.frames[: first[packed.manifest.eager - 1] + 1])
    assert packed.eager == eager < packed.packed


def test_small_text_travels_in_the_manifest(tmp_path: Path) -> None:
    files = FILES | {"demo.pth": b"# nothing\n", "demo-1.0.dist-info/licenses/LONG": b"x" * 300_000}
    manifest = pack(tree_of(tmp_path, files), []).manifest
    inline = {file.path for file in manifest.files if file.frame < 0}
    assert (
        inline
        == manifest.inline.keys()
        == {
            "site/demo.pth",
            *(f"site/demo-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "INSTALLER", "top_level.txt")),
        }
    )


def test_a_file_that_changes_while_it_is_packed_is_no_silent_damage(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, FILES)
    os.truncate(tree.root / "site/demo/__init__.py", 3)
    with pytest.raises(OSError, match="changed while it was packed"):
        pack(tree, [])
