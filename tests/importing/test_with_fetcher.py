"""The real fetcher behind real imports: packs in a folder, a process that fills, a python that asks."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.names import collectable, pack_key
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.environment.build import build_environment
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.importing import client
from cloudshelf.model import Frame, Kind
from cloudshelf.stores.local import LocalStore

from .environments import Made, Project, lock_of
from .test_imports import TREE


def test_a_cold_import_fills_from_packs(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "shelf")
    init_shelf(store, "ours")
    project = Project("box", TREE)
    manifest = project.manifest()
    packed = b"".join(c for p, c in project.contents().items() if project.kind(p) is not Kind.INLINE)
    frame = compress_frame(packed)
    digest = hashlib.sha256(frame).hexdigest()
    store.put_new(pack_key("box", collectable(digest, 0)), frame)
    frames = (Frame(collectable(digest, 0), 0, len(frame), len(packed), digest),)
    made = Made(
        build_environment(
            lock_of([project], store.url),
            [manifest._replace(frames=frames)],
            cache=tmp_path / "cache",
            interpreter=describe_interpreter(),
            fetcher=[sys.executable, "-m", "cloudshelf.fetcher"],
        )
    )
    try:
        assert made.says("import box.deep.leaf as m, box; print(m.COLOUR, box.LISTED[0])") == "red __init__.py"
        client._exchange(client.target_of(str(made.path)), b"Q", b"")
        code = "import box, box.deep.leaf, importlib.metadata as m, os; m.files('box')"
        code += "\ntry: print(os.waitpid(-1, os.WNOHANG))\nexcept ChildProcessError: print('no child')"
        assert made.says(code).split("\n")[-1] == "no child"  # though this process started a fetcher
        code = "import importlib.metadata as m; print(all(f.locate().exists() for f in m.files('box')))"
        assert made.says(code) == "True"
    finally:
        client._exchange(client.target_of(str(made.path)), b"Q", b"")
