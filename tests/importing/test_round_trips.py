"""A cold import asks for all that it will need at once, however deep its modules import one another.

The store answers nothing until the requests have come: an import that asked for one module after the other would wait
for ever.
"""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.environment.build import build_environment
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.fetcher.server import Server
from cloudshelf.importing import client
from cloudshelf.model import Lock, Pin
from cloudshelf.publisher.publish import PublishRequest, publish
from cloudshelf.repository import Repository
from cloudshelf.stores.local import LocalStore

from ..fetcher.shelves import Gate
from ..publisher.wheels import build_wheel

SECONDS = 60  # for what happens at once unless the machine is in trouble
Cold = Callable[[int], "Import"]


def padded(code: str, seed: int) -> bytes:
    """A source that fills a frame of its own, because nothing compresses it."""
    noise = base64.b85encode(random.Random(seed).randbytes(160_000)).decode().replace("\\", "_").replace("'", "_")
    return f"{code}\nNOISE = '{noise}'\n".encode()


def chain(depth: int) -> dict[str, bytes]:
    """chain.p0 imports chain.p1 and so on; between the folders of two lies that of one that nobody imports."""
    files = {"chain/__init__.py": padded("", 1000)}
    for n in range(depth):
        code = f"import chain.p{n + 1}" if n + 1 < depth else ""
        files[f"chain/p{n}/__init__.py"] = padded(code, n)
        files[f"chain/p{n}between/__init__.py"] = padded("", 100 + n)
    return files


class Import:
    """An environment with nothing in it, and the fetcher that fills it from a store that does not answer yet."""

    def __init__(self, folder: Path, depth: int) -> None:
        store = LocalStore(str(folder / "shelf"))
        init_shelf(store, "test")
        wheel = build_wheel(folder, "chain", files=chain(depth))
        publish(PublishRequest(wheels=(str(wheel),), no_deps=True, by="ann"), store)
        self.path = self._build(folder / "cache", store)
        self.gate = Gate(store)
        socket = Path(client.target_of(str(self.path)).path)
        self.server = Server(folder / "cache", socket)
        assert self.server.listen()
        self.server.engine.get()[1]._open_store = lambda url: self.gate
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        self._process: subprocess.Popen[str] | None = None

    def _build(self, cache: Path, store: LocalStore) -> Path:
        repository = Repository(store)
        release, here = repository.release("chain", "1.0"), describe_interpreter()
        wheel = release.wheels[0]
        manifest = wheel.trees[sys.implementation.cache_tag].manifest
        pin = Pin("chain", "1.0", "1" * 64, wheel.filename, wheel.sha256, wheel.size, "", manifest)
        lock = Lock(store.url, ("chain",), here.version, sys.implementation.cache_tag, (pin,))
        self.manifests = [repository.manifest("chain", manifest)]
        return build_environment(
            lock, self.manifests, cache=cache, interpreter=here, fetcher=[sys.executable, "unused"]
        )

    def begin(self, code: str) -> None:
        """Run ``code``; ``pause()`` in it waits for ``go_on``."""
        code = f"def pause():\n print(flush=True)\n input()\n{code}"
        environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
        self._process = subprocess.Popen(
            [self.path / "bin/python", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )

    def wait_for_pause(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        assert self._process.stdout.readline() == "\n"

    def go_on(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def said(self) -> str:
        """All that it prints, at its end."""
        assert self._process is not None
        output, _ = self._process.communicate(timeout=SECONDS)
        return output.strip()

    def wait_for_requests(self, count: int) -> None:
        for _ in range(count):
            assert self.gate.asked.acquire(timeout=SECONDS), f"{len(self.gate.requests)} requests, not {count}"

    def close(self) -> None:
        self.gate.opened.set()
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self.server.stop()
        self._thread.join(SECONDS)


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cold]:
    monkeypatch.setenv("CLOUDSHELF_BACKGROUND_FILL", "0")
    made: list[Import] = []

    def cold(depth: int) -> Import:
        made.append(Import(tmp_path, depth))
        return made[-1]

    yield cold
    for each in made:
        each.close()


@pytest.mark.parametrize("depth", [1, 6])
def test_an_import_of_a_submodule_waits_once(cold: Cold, depth: int) -> None:
    importing = cold(depth)
    importing.begin(f"import chain.p0; print(len(chain.p{depth - 1}.NOISE))")
    importing.wait_for_requests(1)  # for what the recorded import opened, and for what chain.p0 needs besides
    importing.gate.opened.set()
    assert importing.said() == "200000"
    assert len(importing.gate.requests) == 1


@pytest.mark.parametrize("depth", [1, 6])
def test_a_module_that_is_imported_late_and_by_name_waits_once_more(cold: Cold, depth: int) -> None:
    importing = cold(depth)
    importing.gate.opened.set()
    importing.begin(
        f"import importlib, chain\npause()\nimportlib.import_module('chain.p0')\nprint(len(chain.p{depth - 1}.NOISE))"
    )
    importing.wait_for_pause()
    assert len(importing.gate.requests) == 1
    importing.go_on()
    assert importing.said() == "200000"
    assert len(importing.gate.requests) == 2


def test_a_cold_import_asks_for_the_bytes_that_its_recording_names_and_no_others(cold: Cold) -> None:
    importing = cold(3)
    importing.gate.opened.set()
    importing.begin("import chain; print(len(chain.NOISE))")
    assert importing.said() == "200000"
    (manifest,) = importing.manifests
    opened = {manifest.files[number].frame for number in manifest.profiles[0].order}
    lengths = [manifest.frames[number].length for number in sorted(opened)]
    assert sorted(opened) == list(range(len(opened))), "what an import opens stands first"
    assert importing.gate.requests == [(0, sum(lengths))]
