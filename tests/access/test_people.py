"""What people with a role's grants do and are told: whole commands, on a server that evaluates the printed policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faces.conftest import make_wheel

from .people import Person, make_person
from .roles import Roles, roles

People = Callable[..., Person]
CONTACT = "the data platform, data@example.org"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    with roles() as started:
        put_on_shelf(started, tmp_path_factory.mktemp("shelf"))
        yield started


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """The same, where S3 answers 403 for what is not there: policies that somebody else wrote grant no list."""
    with roles(without_listing=True) as started:
        put_on_shelf(started, tmp_path_factory.mktemp("shelf"))
        yield started


def put_on_shelf(started: Roles, folder: Path) -> None:
    """foo, whose newest version needs bar; foo-bar; app, which needs foo and bar. Everybody's grants are for foo."""
    wheels = [
        make_wheel(folder, "foo", "1.0", {"foo.py": "version = '1.0'\n"}),
        make_wheel(folder, "foo", "2.0", {"foo.py": "version = '2.0'\nimport bar\n"}, requires=["bar"]),
        make_wheel(folder, "bar", "1.0", {"bar.py": "version = '1.0'\n"}),
        make_wheel(folder, "foo_bar", "1.0", {"foo_bar.py": "version = '1.0'\n"}),
        make_wheel(folder, "app", "1.0", {"app.py": "import foo, bar\n"}, requires=["foo", "bar"]),
    ]
    owner = make_person(folder / "owner", started.url, started.environ())
    owner.run("init", "--name", "ours")
    for wheel in wheels:
        owner.run("publish", "--no-deps", wheel)
    owner.run("settings", "contact", CONTACT)
    owner.run("lock", "bar", "--name", "teams/x")


@pytest.fixture
def people(running: Roles, tmp_path: Path) -> People:
    def person(role: str | None) -> Person:
        return make_person(tmp_path / (role or "owner"), running.url, running.environ(role))

    return person


def assert_no_grant(said: str, project: str) -> None:
    assert f"You have no grant for {project}" in said, said
    assert f"Ask {CONTACT} for one" in said and f"cloudshelf request {project}" in said


def test_a_reader_uses_what_is_granted_and_nothing_else(people: People) -> None:
    reader = people("reader")
    assert reader.imports("foo==1.0", code="import foo; print(foo.version)").stdout == "1.0\n"
    for cousin in ("foo-bar", "bar"):
        assert_no_grant(reader.imports(cousin, code="pass", fails=3).stderr, cousin)
    assert reader.run("ls", "foo").stdout.startswith("foo: 2 versions")
    assert reader.run("show", "foo").returncode == 0 and reader.run("log", "foo").returncode == 0


def test_what_is_denied_does_not_break_the_rest(people: People) -> None:
    """Asked for together, the denied one is named and nothing is pinned; what was pinned stays, and the other works."""
    reader = people("reader")
    said = reader.imports("foo==1.0", "foo-bar", code="pass", fails=3).stderr
    assert_no_grant(said, "foo-bar")
    assert reader.imports("foo==1.0", code="import foo; print(foo.version)").stdout == "1.0\n"


def test_a_denied_need_says_who_needs_it_and_no_older_version_comes_in_its_place(people: People) -> None:
    said = people("reader").imports("foo>=2", code="pass", fails=3).stderr
    assert "You have no grant for bar, which foo 2.0 needs, on" in said and f"Ask {CONTACT}" in said
    said = people("reader").imports("foo>=1", "foo!=1.0", code="pass", fails=3).stderr
    assert "bar, which foo 2.0 needs" in said


def test_each_line_of_a_file_that_is_denied_is_named(people: People) -> None:
    reader = people("reader")
    (reader.folder / "r.txt").write_text("foo==1.0\nbar\nfoo-bar\n")
    said = reader.run("lock", "-r", "r.txt", code=1).stderr
    assert "2 lines name what the shelf does not have, or does not give you; nothing was changed." in said
    assert f"r.txt line 2: bar: no grant; ask {CONTACT}" in said and "r.txt line 3: foo-bar" in said
    assert "cloudshelf publish" not in said
    told = json.loads(reader.run("lock", "--dry-run", "-r", "r.txt", "--json", code=1).stdout)
    assert [line["found"].partition(";")[0] for line in told["lines"]] == ["on the shelf (1.0)", "no grant", "no grant"]


def test_what_one_may_see_is_listed_although_some_of_it_is_denied(people: People) -> None:
    """Names that the catalog shows to everybody are no secret; what is behind them is."""
    reader = people("reader")
    assert all(f"\n{name} " in reader.run("ls").stdout for name in ("foo", "bar", "foo-bar", "app"))
    assert "foo-bar" in reader.run("search", "bar").stdout
    for words in (("ls", "bar"), ("show", "bar"), ("log", "bar"), ("ls", "bar==1.0")):
        assert_no_grant(reader.run(*words, code=3).stderr, "bar")
    assert reader.run("doctor").returncode == 0
    said = reader.run("log").stdout
    assert "publish 2.0" in said and "Not shown, for want of a grant: app, bar, foo-bar, the lock teams/x." in said


def test_a_denied_name_is_suggested_only_where_the_catalog_shows_it(people: People) -> None:
    """S3 says 403 of every key that is not granted, be it there or not."""
    said = people("reader").run("show", "fooo", code=3).stderr
    assert "Did you mean foo" in said


def test_who_may_see_no_names_uses_what_they_know(people: People) -> None:
    """No list, no search, no suggestion and no error tells a name; what is granted works all the same."""
    blind = people("blind")
    assert blind.imports("foo==1.0", code="import foo; print(foo.version)").stdout == "1.0\n"
    assert blind.run("ls", "foo").stdout.startswith("foo: ") and blind.run("log", "foo").returncode == 0
    for words in (("ls",), ("search", "foo"), ("log",), ("locks",)):
        said = blind.run(*words, code=3).stderr
        assert "no access to" in said and "bar" not in said and "app" not in said
    for name in ("fooo", "foo-ba", "nowhere"):
        said = blind.run("show", name, code=3).stderr
        assert_no_grant(said, name)
        assert "Did you mean" not in said
    said = blind.run("verify", code=3)
    assert "bar" not in said.stdout + said.stderr


def test_asking_for_what_is_denied_works(people: People) -> None:
    said = people("reader").run("request", "bar").stdout
    assert "Please put bar on the shelf" in said


def test_verify_goes_on_and_says_what_it_could_not_read(people: People) -> None:
    reader = people("reader")
    assert "All is sound: 1 project" in reader.run("verify", "foo").stdout
    said = reader.run("verify", "foo", "bar", code=3).stdout
    assert "What could be read is sound: 1 project" in said
    assert "Not looked at, for want of a grant: bar." in said
    said = reader.run("verify", code=3).stdout
    assert "What could be read is sound: 1 project" in said and "foo-bar" in said and "the catalog" in said


def test_a_curator_publishes_and_touches_nothing_else(people: People, tmp_path: Path) -> None:
    curator, owner = people("curator"), people(None)
    mine = make_wheel(tmp_path, "foo", "3.0", {"foo.py": "version = '3.0'\n"})
    curator.run("publish", "--no-deps", mine, "--default")
    assert "3.0" in people("reader").run("ls", "foo").stdout
    assert people("reader").imports("foo", code="import foo; print(foo.version)").stdout == "3.0\n"
    curator.run("yank", "foo==3.0", "--reason", "a test")
    curator.run("unyank", "foo==3.0")
    curator.run("rollback", "foo", "--to", "2")
    other = make_wheel(tmp_path, "foo_bar", "2.0", {"foo_bar.py": ""})
    before = owner.run("log", "foo-bar").stdout
    assert_no_grant(curator.run("publish", "--no-deps", other, code=3).stderr, "foo-bar")
    for words in (("yank", "bar==1.0"), ("default", "bar==1.0"), ("rollback", "bar")):
        assert_no_grant(curator.run(*words, code=3).stderr, "bar")
    assert owner.run("log", "foo-bar").stdout == before
    assert "no access to shelf.json" in curator.run("settings", "contact", "me", code=3).stderr
    assert owner.run("verify").returncode == 0


def test_a_reader_changes_nothing(people: People, tmp_path: Path) -> None:
    reader, owner = people("reader"), people(None)
    before = owner.run("log", "foo").stdout
    wheel = make_wheel(tmp_path, "foo", "4.0", {"foo.py": ""})
    for words in (("publish", "--no-deps", wheel), ("yank", "foo==1.0"), ("default", "foo==2.0")):
        assert "no access to" in reader.run(*words, code=3).stderr
    assert owner.run("log", "foo").stdout == before


def test_locks_are_granted_by_their_place(people: People) -> None:
    curator, reader = people("curator"), people("reader")
    curator.run("lock", "foo==1.0", "--name", "team/now")
    assert reader.run("run", "--lock", "team/now", "--", "python", "-c", "import foo; print(foo.version)").stdout == (
        "1.0\n"
    )
    assert "no access to" in reader.run("run", "--lock", "teams/x", "--", "true", code=3).stderr
    assert "locks/others/x/ (to write the lock others/x)" in (
        curator.run("lock", "foo==1.0", "--name", "others/x", code=3).stderr
    )


def test_who_may_read_nothing_is_told_so_and_no_name(people: People) -> None:
    nobody = people("nobody")
    for words in (("ls",), ("show", "foo"), ("search", "foo"), ("run", "--with", "foo", "--", "true"), ("locks",)):
        said = nobody.run(*words, code=3).stderr
        assert "no access to shelf.json" in said and "bar" not in said


def test_an_indexer_writes_the_catalog_anew(people: People) -> None:
    indexer = people("indexer")
    said = indexer.run("verify", "--repair", code=3).stdout
    assert "Not looked at, for want of a grant" in said  # it reads no packs
    assert "foo-bar" in people("reader").run("ls").stdout


def test_an_administrator_changes_settings_and_publishes_nothing(people: People, tmp_path: Path) -> None:
    administrator = people("administrator")
    administrator.run("settings", "contact", CONTACT)
    wheel = make_wheel(tmp_path, "bar", "2.0", {"bar.py": ""})
    assert "no access to projects/bar/" in administrator.run("publish", "--no-deps", wheel, code=3).stderr
    assert administrator.run("verify").returncode == 0


def test_who_is_not_told_of_absence_reads_what_is_there_all_the_same(silent: Roles, tmp_path: Path) -> None:
    """Shards of the catalog that are not there, a hint, a lock: each is 403, and none stops what works without it."""
    reader = make_person(tmp_path, silent.url, silent.environ("reader"))
    assert reader.imports("foo==1.0", code="import foo; print(foo.version)").stdout == "1.0\n"
    assert "foo-bar" in reader.run("ls").stdout and "foo-bar" in reader.run("search", "bar").stdout
    assert_no_grant(reader.imports("nowhere", code="pass", fails=3).stderr, "nowhere")
    assert_no_grant(reader.imports("bar", code="pass", fails=3).stderr, "bar")


def test_a_collector_collects_and_purges_its_projects_and_no_others(people: People, running: Roles) -> None:
    collector, owner = people("collector"), people(None)
    left = f"curated/projects/{{}}/pack/{'e' * 64}.0"  # what a publish that did not end leaves behind
    for name in ("foo", "bar"):
        running.client().put_object(Bucket="shelf", Key=left.format(name), Body=b"left", IfNoneMatch="*")
    assert "1 object" in collector.run("collect", "foo", "--grace", "0s").stdout
    assert "no access to projects/bar/" in collector.run("collect", "bar", "--grace", "0s", code=3).stderr
    assert running.client().get_object(Bucket="shelf", Key=left.format("bar"))["Body"].read() == b"left"
    said = collector.run("purge", "foo==2.0", "--reason", "a test", "--yes").stdout
    assert "It was not found out, for want of a grant, which named locks pin it." in said
    assert "2.0" not in owner.run("ls", "foo").stdout
    assert "no access" in people("curator").run("purge", "foo==1.0", "--reason", "x", "--yes", code=3).stderr
