"""What each route answers, on a real shelf."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.conftest import ODD, README, Run
from tests.server.running import Server

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]

BOTH = ["demo", "needer"]
ONE = ("projects", "demo", "versions", "1.0")


def test_the_shelves_are_told_with_their_state_and_where_the_setting_came_from(server: Server) -> None:
    found = server.ask("/shelves").json
    assert (found["origin"], found["error"]) == ("environment CLOUDSHELF_URL", None)
    (row,) = found["shelves"]
    assert (row["id"], row["name"], row["state"], row["error"]) == (server.shelf, "ours", "ok", None)
    assert row["url"].startswith("file:///") and row["request_url"] is True


def test_projects_come_in_pages_by_name(server: Server) -> None:
    found = server.get("projects")
    assert (found["total"], [row["project"] for row in found["projects"]]) == (2, ["demo", "needer"])
    page = server.get("projects", offset=1, limit=1)
    assert (page["total"], page["offset"], [row["project"] for row in page["projects"]]) == (2, 1, ["needer"])
    assert server.get("projects", offset=5)["projects"] == []


@pytest.mark.parametrize(
    ("words", "found"),
    [("need", ["needer"]), ("DEMONSTRATION", BOTH), ("a dem", BOTH), ("zebra", []), ("", BOTH)],
)  # fmt: skip
def test_the_filter_wants_every_word_in_name_summary_or_module(server: Server, words: str, found: list[str]) -> None:
    assert [row["project"] for row in server.get("projects", q=words)["projects"]] == found


def test_a_project_has_its_versions_newest_first(server: Server) -> None:
    found = server.get("projects", "demo")
    assert [row["version"] for row in found["versions"]] == ["2.0", "1.0"]
    assert [row["default"] for row in found["versions"]] == [False, True]
    assert (found["default"], found["latest"], found["modules"]) == ("1.0", "2.0", ["demo"])


def test_any_spelling_of_a_projects_name_is_that_project(server: Server) -> None:
    assert server.get("projects", "DEMO")["project"] == "demo"


def test_a_version_has_its_metadata_without_what_a_browser_must_not_open(server: Server) -> None:
    found = server.get("projects", "demo", "versions", "1.0")
    assert (found["summary"], found["license"]) == ("a demonstration", "MIT")
    assert found["metadata"]["author"] == "Ann, ann@example.org"
    assert found["metadata"]["urls"] == {"Source": "https://example.org/demo"}
    assert found["metadata"]["classifiers"] == ["Topic :: Text Processing"]
    assert found["size"] > 9_000_000 and found["installed"] > 9_000_000 and found["packed"] > 9_000_000


def test_a_readme_is_text_with_its_declared_type(server: Server) -> None:
    found = server.get("projects", "demo", "versions", "1.0")["readme"]
    assert found == {"text": README.strip(), "type": "text/markdown", "truncated": False}
    assert server.get("projects", "needer", "versions", "1.0")["readme"] is None


def test_dependencies_are_told_both_ways(server: Server) -> None:
    found = server.get("projects", "demo", "versions", "1.0")
    assert found["dependents"] == ["needer"] and found["dependents_note"] is None
    assert [(d["project"], d["on_shelf"]) for d in found["dependencies"]] == [
        ("extra-thing", False),
        ("not-here", False),
    ]
    (needed,) = server.get("projects", "needer", "versions", "1.0")["dependencies"]
    assert needed == {"requirement": "demo>=1", "project": "demo", "on_shelf": True}


def test_a_version_says_when_it_was_published_and_by_whom(server: Server) -> None:
    one, two = (server.get("projects", "demo", "versions", version) for version in ("1.0", "2.0"))
    assert one["published"] and one["published"] <= two["published"] == two["changed"]
    assert "@" in one["published_by"]


def test_a_folder_lists_folders_first_with_their_sizes(server: Server) -> None:
    top = server.get(*ONE, "files")  # the level that is the only one of its folder is left out
    assert top["path"] == "site"
    assert [row["path"] for row in top["entries"]] == ["site/demo", "site/demo-1.0.dist-info"]
    found = server.get(*ONE, "files", path="site/demo")["entries"]
    assert [row["name"] for row in found[:2]] == ["__pycache__", "data"]
    assert found[1]["type"] == "directory" and found[1]["size"] == 9_000_003
    assert [row["name"] for row in found[2:]] == sorted(row["name"] for row in found[2:])
    assert {row["name"]: row["mimetype"] for row in found if row["name"].startswith("p")} == {
        "page.html": "text/plain",
        "picture.svg": "text/plain",
    }


def test_a_folder_comes_in_pages(server: Server) -> None:
    whole = server.get(*ONE, "files", path="site/demo")
    pages = [server.get(*ONE, "files", path="site/demo", offset=at, limit=3) for at in range(0, whole["total"], 3)]
    assert [row for page in pages for row in page["entries"]] == whole["entries"]


def test_names_with_odd_characters_are_listed_and_read(server: Server) -> None:
    found = server.get(*ONE, "files", path="site/demo/data")
    assert [row["path"] for row in found["entries"]] == ["site/demo/data/large.bin", f"site/demo/{ODD}"]
    answer = server.ask(server.path(*ONE, "content", path=f"site/demo/{ODD}"))
    assert (answer.status, answer.body.decode()) == (200, "ü\n")
    assert "\n" not in answer.headers["content-disposition"]


def test_two_versions_differ_in_facts_requirements_and_files(server: Server) -> None:
    found = server.get("projects", "demo", "diff", **{"from": "1.0", "to": "2.0"})
    assert {fact["name"] for fact in found["facts"]} == {"size", "installed", "packed", "files"}
    assert found["requires"]["added"] == ['not-here>=2; sys_platform == "win32"']
    assert len(found["requires"]["removed"]) == 2
    files = found["files"]
    assert [row["path"] for row in files["added"]] == ["site/demo/new.py"]
    assert [row["path"] for row in files["removed"]] == ["site/demo/data/large.bin", "site/demo/old.py"]
    assert "site/demo/__init__.py" in [row["path"] for row in files["changed"]]
    assert not files["truncated"] and not any("__pycache__" in row["path"] for row in files["changed"])


def test_a_lock_comes_as_text_and_as_the_block_of_a_notebook(server: Server) -> None:
    (row,) = server.get("locks")["locks"]
    assert (row["name"], row["seq"], row["pins"], row["requirements"]) == ("team/2026", 1, 1, ["demo"])
    for path in (server.path("locks", "team/2026"), f"/shelves/{server.shelf}/locks/team/2026"):
        found = server.ask(path).json
        assert found["pins"] == [{"project": "demo", "version": "1.0"}]
        assert "\n".join(found["block"]["lock"]) + "\n" == found["lock"]
        assert found["block"]["shelf"]["name"] == "ours"


def test_a_lock_as_text_comes_as_the_block_of_a_notebook(server: Server) -> None:
    named = server.get("locks", "team/2026")
    body = json.dumps({"text": named["lock"]}).encode()
    answer = server.ask("/locks/block", method="POST", body=body)
    assert answer.json == {"block": named["block"], "pins": named["pins"]}


def test_the_block_of_a_lock_that_somebody_wrote_has_no_secret(server: Server) -> None:
    text = server.get("locks", "team/2026")["lock"]
    wheel = 'path = "demo-1.0-py3-none-any.whl"'
    assert wheel in text
    text = text.replace(wheel, f'url = "https://key:secret@pypi.example/{wheel[8:-1]}"')
    answer = server.ask("/locks/block", method="POST", body=json.dumps({"text": text}).encode())
    assert answer.status == 200 and b"pypi.example" in answer.body and b"secret" not in answer.body


@pytest.mark.parametrize("text", ["", "x", "[tool]", 'lock-version = "1.0"\ncreated-by = "uv"\npackages = []\n'])
def test_a_text_that_names_no_files_of_a_shelf_makes_no_block(server: Server, text: str) -> None:
    answer = server.ask("/locks/block", method="POST", body=json.dumps({"text": text}).encode())
    assert answer.status == 400 and answer.problem["name"] == "UsageError"


def test_two_locks_are_compared(server: Server, shelf: Path, command: Run, tmp_path: Path) -> None:
    command(shelf.as_uri(), "lock", "demo==2.0", "-o", tmp_path / "later.toml")
    body = {"before": server.get("locks", "team/2026")["lock"], "after": (tmp_path / "later.toml").read_text()}
    found = server.ask("/locks/diff", method="POST", body=json.dumps(body).encode()).json
    assert [(c["project"], c["was"], c["version"], c["kind"]) for c in found["changes"]] == [
        ("demo", "1.0", "2.0", "version")
    ]


def test_health_says_that_all_is_well(server: Server) -> None:
    found = server.ask("/health").json
    assert found["status"] == "ok" and [each["ok"] for each in found["shelves"]] == [True]


def test_nothing_in_a_body_is_kept_by_caches_for_others(server: Server) -> None:
    for path in ("/shelves", server.path("projects"), server.path("projects", "demo", "versions", "1.0", "files")):
        assert server.ask(path).headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    "parts",
    [["projects"], ["projects", "demo"], [*ONE], [*ONE, "files"], ["locks"]],
)  # fmt: skip
def test_what_is_known_already_is_not_sent_again(server: Server, parts: list[str]) -> None:
    first = server.ask(server.path(*parts))
    again = server.ask(server.path(*parts), If_None_Match=first.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert server.ask(server.path(*parts), If_None_Match='"other"').status == 200


def test_every_other_address_is_an_error_of_ours(server: Server) -> None:
    for path in ("/", "/nothing", "/shelves/", f"{server.path('projects')}/demo/versions"):
        answer = server.ask(path)
        assert answer.status == 404 and answer.problem["name"] in ("NotFound", "ProjectMissing")
