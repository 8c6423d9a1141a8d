"""The session of a process, with a fetcher that is a small real object of this test."""

import os
import sys
import types
from pathlib import Path

import pytest

from cloudshelf import session as sessions
from cloudshelf.arguments import expand_requirements
from cloudshelf.errors import AlreadyLoaded, NoShelf, StoreUnreachable, UsageError

LOCK = '[tool.cloudshelf]\nrequirements = ["six"]\n'


class Fetcher:
    """Answers verbs as the fetcher does; keeps what was asked."""

    def __init__(self):
        self.calls, self.activated, self.failure = [], [], None

    def call(self, verb, args, progress=None):
        self.calls.append((verb, args))
        if self.failure:
            raise self.failure
        if verb in ("use", "sync"):
            requirements = args.get("requirements") or ["six"]
            pins = [{"project": sessions.project_of(r), "version": "1"} for r in requirements]
            return {
                "lock": LOCK,
                "environment": f"/environments/{len(self.calls)}",
                "changes": [],
                "pins": pins,
                "requirements": requirements,
            }
        return {"message": "ok"}


@pytest.fixture
def fetcher(monkeypatch):
    fake = Fetcher()
    client, activate = types.ModuleType("client"), types.ModuleType("activate")
    client.call, activate.activate = fake.call, fake.activated.append
    activate.deactivate = lambda environment: fake.activated.append(None)
    package = types.ModuleType("cloudshelf.importing")
    package.client, package.activate = client, activate
    for name, module in (("", package), (".client", client), (".activate", activate)):
        monkeypatch.setitem(sys.modules, f"cloudshelf.importing{name}", module)
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.delenv(sessions.ENVIRONMENT, raising=False)
    monkeypatch.setenv("CLOUDSHELF_URL", "file:///shelf")
    monkeypatch.setattr(sessions, "environment_rows", lambda environment: [])
    yield fake
    os.environ.pop(sessions.ENVIRONMENT, None)


@pytest.fixture
def session(fetcher):
    return sessions.Session()


def test_use_pins_activates_and_tells_children(session, fetcher):
    session.use("six", "attrs>=2")
    verb, args = fetcher.calls[-1]
    assert (verb, args["requirements"], args["shelf"]) == ("use", ["six", "attrs>=2"], "file:///shelf")
    assert fetcher.activated == ["/environments/1"]
    assert os.environ[sessions.ENVIRONMENT] == "/environments/1"
    own = Path(sys.executable).parent
    assert os.environ["PATH"] == f"{own}:/environments/1/bin:/usr/bin"


def test_a_later_use_replaces_the_same_project_and_keeps_the_rest(session, fetcher):
    session.use("Six==1", "attrs")
    session.use("six==2")
    assert fetcher.calls[-1][1]["requirements"] == ["attrs", "six==2"]
    assert fetcher.calls[-1][1]["lock"] == LOCK
    assert os.environ["PATH"].count("/environments/") == 1


def test_a_failed_use_changes_nothing(session, fetcher):
    session.use("six")
    fetcher.failure = StoreUnreachable("the shelf", "no route")
    with pytest.raises(StoreUnreachable):
        session.use("attrs")
    assert session.requirements == ["six"] and session.environment == "/environments/1"
    fetcher.failure = None
    session.use("attrs")
    assert session.requirements == ["six", "attrs"]


def test_already_loaded_offers_the_restart_of_exactly_this_use(session, fetcher):
    fetcher.failure = AlreadyLoaded("numpy", "2.0", "1.26", "this notebook", "")
    with pytest.raises(AlreadyLoaded, match=r"To switch: %shelf use --restart numpy==1.26"):
        session.use("numpy==1.26")


def test_drop_asks_for_the_rest_and_dropping_all_leaves_nothing(session, fetcher):
    session.use("six", "attrs")
    session.drop("Six")
    assert fetcher.calls[-1][1]["requirements"] == ["attrs"]
    assert fetcher.calls[-1][1]["dropping"] == ["six"]
    session.drop("attrs")
    assert session.environment is None and sessions.ENVIRONMENT not in os.environ
    assert os.environ["PATH"].endswith("/usr/bin") and "/environments/" not in os.environ["PATH"]


def test_drop_of_what_was_not_asked_for_says_what_was(session):
    session.use("six")
    with pytest.raises(UsageError, match="numpy was not asked for here; asked for: six"):
        session.drop("numpy")


def test_sync_takes_a_file_and_its_requirements(session, fetcher, tmp_path):
    (tmp_path / "pylock.toml").write_text(LOCK)
    session.sync(tmp_path / "pylock.toml")
    assert fetcher.calls[-1][0] == "sync" and fetcher.calls[-1][1]["lock"] == LOCK
    assert session.requirements == ["six"]


def test_sync_of_a_file_that_is_not_there_says_so(session, tmp_path):
    with pytest.raises(UsageError, match=r"none.toml cannot be read: No such file or directory"):
        session.sync(tmp_path / "none.toml")


def test_lock_is_written_whole(session, tmp_path):
    with pytest.raises(UsageError, match="Nothing is pinned yet"):
        session.lock()
    session.use("six")
    session.lock(tmp_path / "pylock.toml")
    assert (tmp_path / "pylock.toml").read_text() == LOCK
    assert [p.name for p in tmp_path.iterdir()] == ["pylock.toml"]


def test_without_any_shelf_the_error_says_how_to_name_one(session, monkeypatch):
    monkeypatch.delenv("CLOUDSHELF_URL")
    monkeypatch.setenv("CLOUDSHELF_CONFIG", os.devnull)
    with pytest.raises(NoShelf, match="CLOUDSHELF_URL"):
        session.use("six")


def test_a_failed_connect_keeps_the_old_shelf(session, fetcher):
    fetcher.failure = StoreUnreachable("the shelf", "no route")
    with pytest.raises(StoreUnreachable):
        session.connect("file:///other")
    assert session.url == "file:///shelf"


def test_requirements_files_may_include_others_but_not_themselves(tmp_path):
    (tmp_path / "a.txt").write_text("six\n-r sub/b.txt\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.txt").write_text("attrs>=2 # fine\n")
    assert expand_requirements(["x"], [str(tmp_path / "a.txt")]) == ["x", "six", "attrs>=2"]
    (tmp_path / "sub/b.txt").write_text("-r ../a.txt\n")
    with pytest.raises(UsageError, match="includes itself"):
        expand_requirements([], [str(tmp_path / "a.txt")])
