"""Tools in three languages, from an empty cache: all of a tool is there when ``run`` or ``use`` returns."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faces.test_kernel import Kernel

from .conftest import TOOL, Link, Run, make_tree, needs_compiler, needs_node


@pytest.fixture(scope="module")
def shelved(cloudshelf: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = make_tree(tmp_path_factory.mktemp("tool") / "t", TOOL)
    cloudshelf("publish", "--tree", folder, "--name", "mytool", "--version", "1.4")


@pytest.mark.usefixtures("shelved")
def test_a_shell_tool_runs_and_finds_what_lies_beside_it(cloudshelf: Run) -> None:
    assert cloudshelf("run", "--with", "mytool", "--", "mytool", "a b") == "mytool got a b\nwords of the tool\n"
    assert cloudshelf("run", "--with", "mytool", "--", "sh", "-c", "mt 1 2").startswith("mytool got 1 2\n")


@needs_compiler
def test_a_compiled_tool_finds_its_library_by_origin(cloudshelf: Run, greet: Path) -> None:
    cloudshelf("publish", "--tree", greet, "--name", "greet", "--version", "1.2")
    assert cloudshelf("run", "--with", "greet", "--", "greeter") == "hello from a library\n"


BUILD = """
set -e
environment=$(dirname "$(dirname "$(command -v python)")")
export PKG_CONFIG_PATH="$environment/lib/pkgconfig"
gcc -o "$1/program" "$1/main.c" $(pkg-config --cflags --libs greet) "-Wl,-rpath,$environment/lib"
exec "$1/program"
"""


@needs_compiler
def test_a_c_program_compiles_against_it_by_pkg_config_and_runs(cloudshelf: Run, greet: Path, tmp_path: Path) -> None:
    said = cloudshelf("publish", "--tree", greet, "--name", "greet-dev", "--version", "1.2")
    assert "greet-dev 1.2: lib/pkgconfig/greet.pc got a prefix that moves with the folder." in said
    (tmp_path / "main.c").write_bytes(greet.with_name("main.c").read_bytes())
    (tmp_path / "build.sh").write_text(BUILD)
    ran = cloudshelf("run", "--with", "greet-dev", "--", "sh", tmp_path / "build.sh", tmp_path)
    assert ran == "hello from a library\n"


@needs_compiler
def test_what_a_build_on_debian_installed_for_its_architecture_is_found_too(
    cloudshelf: Run, greet: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "built"
    shutil.copytree(greet, folder, symlinks=True)
    (folder / "lib").rename(tmp_path / "lib")
    (folder / "lib").mkdir()
    inner = (tmp_path / "lib").rename(folder / "lib/x86_64-linux-gnu")
    config = inner / "pkgconfig/greet.pc"
    config.write_text(config.read_text().replace("/lib\n", "/lib/x86_64-linux-gnu\n"))
    cloudshelf("publish", "--tree", folder, "--name", "greet-debian", "--version", "1.2")
    shutil.copy(greet.with_name("main.c"), tmp_path)
    build = 'gcc -o "$1/program" "$1/main.c" $(pkg-config --cflags --libs greet) && exec "$1/program"'
    ran = cloudshelf("run", "--with", "greet-debian", "--", "sh", "-c", build, "sh", tmp_path)
    assert ran == "hello from a library\n"
    ran = cloudshelf(
        "run", "--with", "greet-debian", "--", "sh", "-c", 'gcc -o "$1/p" "$1/main.c" -lgreet', "sh", tmp_path
    )
    assert ran == ""


@needs_node
def test_a_node_package_runs(cloudshelf: Run, tmp_path: Path) -> None:
    package = "lib/node_modules/hello"
    content = {
        "bin/hello-node": Link(f"../{package}/cli.js"),
        f"{package}/cli.js": "#!/usr/bin/env node\nconsole.log(require('./words').hello, require('greeting').to)\n",
        f"{package}/words.js": "exports.hello = 'hello'\n",
        f"{package}/package.json": json.dumps({"name": "hello", "version": "1.0.0"}),
        f"{package}/node_modules/greeting/index.js": "exports.to = 'from node'\n",
    }
    folder = make_tree(tmp_path / "t", content)
    (folder / package / "cli.js").chmod(0o755)
    cloudshelf("publish", "--tree", folder, "--name", "hello-node", "--version", "1")
    assert cloudshelf("run", "--with", "hello-node", "--", "hello-node") == "hello from node\n"


@pytest.fixture
def kernel(settings: dict[str, str], tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(settings | {"CLOUDSHELF_CACHE": str(tmp_path / "cache")})
    yield kernel
    kernel.stop()


@pytest.mark.usefixtures("shelved")
def test_use_puts_a_tool_on_the_path_of_this_kernel(kernel: Kernel) -> None:
    kernel("%load_ext cloudshelf")
    assert "mytool" in kernel("%shelf use mytool==1.4").text
    assert "mytool got from a cell\nwords of the tool" in kernel("!mytool from a cell").text.replace("\r", "")
    kernel("%shelf drop mytool")
    assert "not found" in kernel("!mytool").text


@pytest.mark.usefixtures("shelved")
def test_an_import_of_a_tool_is_told_that_it_is_none(python: Callable[..., str]) -> None:
    code = "import cloudshelf.session as s; print(s.current().find_module('mytool'))"
    assert python(code) == "{'suggestions': [], 'namesake': 'mytool'}\n"


@pytest.mark.usefixtures("shelved")
def test_a_tool_is_whole_before_use_returns_and_nothing_of_ours_is_needed(
    python: Callable[..., str], tmp_path: Path
) -> None:
    code = "import cloudshelf; cloudshelf.use('mytool'); print(cloudshelf.path('mytool'))"
    root = Path(python(code, CLOUDSHELF_CACHE=str(tmp_path / "cache")).strip())
    ran = subprocess.run(
        [root / "bin/mytool"], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert ran.stdout == "mytool got \nwords of the tool\n"


def test_what_a_tool_needs_is_an_error_before_anything_is_pinned_when_it_cannot_be_had(
    cloudshelf: Run, python: Callable[..., str], settings: dict[str, str], tmp_path: Path
) -> None:
    cloudshelf(
        "publish", "--tree", make_tree(tmp_path / "t", {"bin/x": "#!/bin/sh\n"}), "--name", "gone", "--version", "1"
    )
    packs = Path(settings["CLOUDSHELF_URL"].removeprefix("file://"), "projects/gone/pack")
    for pack in packs.iterdir():
        pack.unlink()
    said = python(
        "import cloudshelf\n"
        "try:\n    cloudshelf.use('gone')\n"
        "except cloudshelf.errors.ShelfError as error:\n    print(type(error).__name__, cloudshelf.pins())"
    )
    assert said.strip() == "ObjectMissing {}"
