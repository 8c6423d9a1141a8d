"""The panel's server shows a tree: its versions, folders, files and what differs, whatever their names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.running import Server, running

from .conftest import Run, make_tree
from .test_environment import FORMS
from .test_publish import ODD

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server(cloudshelf: Run, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = make_tree(tmp_path_factory.mktemp("panel") / "t", FORMS)
    for version in ("1", "2"):
        (folder / "odd" / "new\nline").write_text(version)
        cloudshelf("publish", "--tree", folder, "--name", "paneled", "--version", version, "--license", "MIT")
    with running(tmp_path_factory.mktemp("server"), CLOUDSHELF_URL=settings["CLOUDSHELF_URL"]) as found:
        yield found


def test_the_panel_shows_a_tree(server: Server) -> None:
    details = server.get("projects", "paneled", "versions", "1")
    assert details["license"] == "MIT"
    top = server.get("projects", "paneled", "versions", "1", "files", path="data/opt/paneled")
    assert [entry["name"] for entry in top["entries"]] == ["bin", "odd", "share"]
    odd = server.get("projects", "paneled", "versions", "1", "files", path="data/opt/paneled/odd")
    assert {entry["name"] for entry in odd["entries"]} == set(ODD)


@pytest.mark.parametrize("name", [name for name in ODD if name not in ("new\nline", "back\\slash")])
def test_its_files_are_read_whatever_their_names(server: Server, name: str) -> None:
    path = f"data/opt/paneled/odd/{name}"
    answer = server.ask(server.path("projects", "paneled", "versions", "1", "content", path=path))
    assert (answer.status, answer.body.decode()) == (200, name)


def test_the_panel_compares_two_trees(server: Server) -> None:
    found = server.get("projects", "paneled", "diff", **{"from": "1", "to": "2"})
    assert "new\nline" in str(found).replace("\\n", "\n")
