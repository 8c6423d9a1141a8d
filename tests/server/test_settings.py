"""What the server shows is what its kernels would use; and it is loaded without anybody's doing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cloudshelf_jupyter
from tests.server.conftest import Run
from tests.server.running import API, Server, own_environ

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        ("variable", "environment CLOUDSHELF_URL"),
        ("trait", "c.CloudShelf.url"),
        ("embedded", "embedded"),
    ],
)
def test_the_shelf_is_that_of_the_environment_else_of_the_trait_else_the_embedded_one(
    start: Callable[..., Server], tmp_path: Path, command: Run, setting: str, origin: str
) -> None:
    places = {name: tmp_path / name for name in ("variable", "trait")} | {
        "embedded": tmp_path / "data" / "cloudshelf" / "shelf"
    }
    for place in places.values():
        command(place.as_uri(), "init")
    environ, flags = {"XDG_DATA_HOME": str(tmp_path / "data")}, []
    if setting != "embedded":
        flags = [f"--CloudShelf.url={places['trait'].as_uri()}"]
    if setting == "variable":
        environ["CLOUDSHELF_URL"] = places["variable"].as_uri()
    found = start(*flags, **environ).ask("/shelves").json
    assert [row["url"] for row in found["shelves"]] == [places[setting].as_uri()]
    assert found["origin"] == origin


def test_a_configuration_file_of_the_server_is_read(start: Callable[..., Server], shelf: Path, tmp_path: Path) -> None:
    """One section for kernels and the server."""
    config = tmp_path / "jupyter_server_config.py"
    config.write_text(f"c.CloudShelf.url = {shelf.as_uri()!r}\nc.CloudShelf.largest_content = 5\n")
    server = start(f"--config={config}")
    assert server.get("projects")["total"] == 2
    answer = server.ask(server.path("projects", "demo", "versions", "1.0", "content", path="site/demo/dot.png"))
    assert answer.status == 413


def test_a_server_below_another_address_is_the_same(start: Callable[..., Server], shelf: Path) -> None:
    """As JupyterHub starts them."""
    server = start("--ServerApp.base_url=/user/ann", CLOUDSHELF_URL=shelf.as_uri())
    assert server.url.endswith("/user/ann/") and server.get("projects")["total"] == 2
    assert server.ask("/openapi.json").json["servers"] == [{"url": f"/user/ann{API}"}]


def test_the_extension_is_named_and_enabled_by_a_file_of_the_package(tmp_path: Path) -> None:
    """As pip puts it: the file in a configuration folder is all there is to do."""
    environ = own_environ(tmp_path)
    own = Path(cloudshelf_jupyter.__file__).parent / "etc" / "jupyter_server_config.d" / "cloudshelf.json"
    folder = tmp_path / "home" / "config" / "jupyter_server_config.d"
    folder.mkdir(parents=True)
    (folder / own.name).write_bytes(own.read_bytes())
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    said = listed.stdout + listed.stderr
    assert (
        "cloudshelf_jupyter" in said and "enabled" in said and "X" not in said.partition("cloudshelf_jupyter")[2][:80]
    )


def test_kernels_load_nothing_of_the_server(tmp_path: Path) -> None:
    code = (
        "import sys, json, cloudshelf_jupyter as c; heavy = ('jupyter_server', 'tornado', 'IPython', 'traitlets');"
        "print(json.dumps([c._jupyter_server_extension_points(), [m for m in heavy if m in sys.modules]]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == [[{"module": "cloudshelf_jupyter.server"}], []]


def test_the_server_loads_nothing_of_the_kernels(tmp_path: Path) -> None:
    code = (
        "import sys, cloudshelf_jupyter.server.extension;"
        "print([m for m in ('IPython', 'ipywidgets', 'cloudshelf_jupyter.magics', 'pip') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
