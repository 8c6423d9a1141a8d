"""Folders to shelve, a shelf to put them on, and a user of it with an empty cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.publisher.outcome import PublishReport
from cloudshelf.publisher.publish_tree import TreeRequest, publish_tree
from cloudshelf.publisher.reporting import Reporter
from cloudshelf.repository import Repository
from cloudshelf.stores.local import LocalStore

Put = Callable[..., PublishReport]
Run = Callable[..., str]


class Link(str):
    """A symbolic link, in place of a file's content."""


class Folder:
    """An empty folder."""


Content = str | bytes | Link | Folder
TOOL: Mapping[str, Content] = {
    "bin/mytool": '#!/bin/sh\necho "mytool got $*"\ncat "$(dirname "$0")/../share/mytool/words.txt"\n',
    "bin/mt": Link("mytool"),
    "share/mytool/words.txt": "words of the tool\n",
    "share/mytool/later": Folder(),
}


def make_tree(folder: Path, content: Mapping[str, Content]) -> Path:
    """``folder`` with that content, by path; what is in a ``bin`` can be run."""
    for path, each in content.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(each, Folder):
            place.mkdir()
        elif isinstance(each, Link):
            place.symlink_to(each)
        else:
            place.write_bytes(each.encode() if isinstance(each, str) else each)
            place.chmod(0o755 if place.parent.name == "bin" else 0o644)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(str(tmp_path / "shelf"))
    init_shelf(store, "test")
    return store


@pytest.fixture
def put(store: LocalStore) -> Put:
    """Publish a folder as mytool 1.4, unless ``options`` say otherwise."""

    def put(folder: Path, reporter: Reporter | None = None, **options: Any) -> PublishReport:
        request = TreeRequest(folder, **{"name": "mytool", "version": "1.4", "by": "ann", **options})
        return publish_tree(request, store, reporter=reporter)

    return put


@pytest.fixture
def repository(store: LocalStore) -> Repository:
    return Repository(store)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables of a user with an empty cache and no settings but those of these tests."""
    folder = tmp_path_factory.mktemp("trees")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH"))}
    for name in ("home", "run"):
        (folder / name).mkdir(mode=0o700)
    return kept | {
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_URL": f"file://{folder / 'shelf'}",
        "CLOUDSHELF_CONFIG": os.devnull,
        "CLOUDSHELF_FETCHER_IDLE": "5",
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "JUPYTER_NO_CONFIG": "1",
    }


@pytest.fixture(scope="session")
def cloudshelf(settings: dict[str, str]) -> Run:
    """Run the command; what it printed."""

    def run(*words: object, code: int = 0, **environ: str) -> str:
        command = [sys.executable, "-m", "cloudshelf", *map(str, words)]
        process = subprocess.run(
            command, env=settings | environ, capture_output=True, text=True, timeout=120, cwd=settings["HOME"]
        )
        assert process.returncode == code, f"{words}: {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process.stdout + process.stderr

    run("init", settings["CLOUDSHELF_URL"])
    return run


@pytest.fixture(scope="session")
def python(settings: dict[str, str], cloudshelf: Run) -> Callable[..., str]:
    """Run a text as a program of the Python that has cloudshelf; what it printed."""

    def run(program: str, **environ: str) -> str:
        process = subprocess.run(
            [sys.executable, "-c", program], env=settings | environ, capture_output=True, text=True, timeout=120
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    return run


needs_compiler = pytest.mark.skipif(
    not all(map(shutil.which, ("gcc", "pkg-config"))), reason="this machine has no gcc or no pkg-config"
)
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="this machine has no node")


@pytest.fixture(scope="session")
def greet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with headers and pkg-config's file, and a program that finds it by $ORIGIN; compiled here."""
    folder = tmp_path_factory.mktemp("greet") / "built"
    source = folder.with_name("greet.c")
    source.write_text('const char *greet(void) { return "hello from a library"; }\n')
    main = folder.with_name("main.c")
    main.write_text("#include <stdio.h>\n#include <greet/greet.h>\nint main(void) { puts(greet()); return 0; }\n")
    prefix = "/home/somebody/built"
    make_tree(
        folder,
        {
            "bin/.keep": "",
            "include/greet/greet.h": "const char *greet(void);\n",
            "lib/libgreet.so.1": Link("libgreet.so.1.2"),
            "lib/libgreet.so": Link("libgreet.so.1"),
            "lib/pkgconfig/greet.pc": f"prefix={prefix}\nlibdir={prefix}/lib\nincludedir=${{prefix}}/include\n\n"
            "Name: greet\nDescription: greets\nVersion: 1.2\nLibs: -L${libdir} -lgreet\nCflags: -I${includedir}\n",
        },
    )
    (folder / "bin/.keep").unlink()
    library = ["-shared", "-fPIC", "-Wl,-soname,libgreet.so.1", "-o", folder / "lib/libgreet.so.1.2", source]
    subprocess.run(["gcc", *library], check=True)
    program = ["-o", folder / "bin/greeter", main, f"-I{folder}/include", f"-L{folder}/lib", "-lgreet"]
    subprocess.run(["gcc", *program, "-Wl,-rpath,$ORIGIN/../lib"], check=True)
    return folder
