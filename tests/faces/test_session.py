"""The session of a process, with a fetcher that is a small real object of this test."""

import marshal
import os
import sys
import types
from pathlib import Path

import pytest

from cloudshelf import session as sessions
from cloudshelf.errors import AlreadyLoaded, NoShelf, StoreUnreachable, Unsatisfiable, UsageError
from cloudshelf.requirements import lock_text
from cloudshelf.session import in_place

COMPLETE = '[[packages]]\nname = "six"\nversion = "1"\n\n[tool.cloudshelf]\nrequirements = ["six"]\n'
LOCK = '[tool.cloudshelf]\nrequirements = ["six"]\n'


class Fetcher:
    """Answers verbs as the fetcher does; keeps what was asked."""

    def __init__(self):
        self.calls, self.activated, self.failure, self.provided = [], [], None, {}

    def call(self, verb, args, progress=None, beat=None):
        self.calls.append((verb, args))
        if self.failure:
            raise self.failure
        if verb in ("use", "sync"):
            requirements = args.get("requirements") or ["six"]
            pins = [{"project": lock_text.project_of(r), "version": "1"} for r in requirements]
            return {
                "lock": args.get("lock") or LOCK,
                "environment": f"/environments/{len(self.calls)}",
                "changes": [],
                "pins": pins,
                "requirements": requirements,
                "provided": self.provided,
            }
        if verb == "lock":
            return {
                "lock": LOCK + "complete = 1\n",
                "pins": [],
                "notes": ["The lock has b 2; this kernel has b 3 loaded."],
            }
        if verb == "statistics":
            return {
                "environments": {
                    f"/environments/{n}": {"requests": n, "bytes": 10, "projects": {}} for n in range(1, 9)
                }
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
    monkeypatch.delenv(sessions.PROVIDED, raising=False)
    monkeypatch.setenv("CLOUDSHELF_URL", "file:///shelf")
    monkeypatch.setattr(in_place, "environment_rows", lambda environment, activated=(): [])
    yield fake
    os.environ.pop(sessions.ENVIRONMENT, None)
    os.environ.pop(sessions.PROVIDED, None)


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
    with pytest.raises(UsageError, match=r"There is no lock .*none.toml\. This makes one: cloudshelf lock"):
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


def test_a_lock_of_what_the_kernel_provides_is_resolved_again_without_it(session, fetcher, tmp_path):
    fetcher.provided = {"b": "3"}
    session.use("six")
    with pytest.warns(UserWarning, match="The lock has b 2; this kernel has b 3 loaded"):
        text = session.lock(tmp_path / "pylock.toml")
    verb, args = fetcher.calls[-1]
    assert (verb, args["preferred"], args["loaded"], args["running"]["b"]) == ("lock", LOCK, {}, "3")
    assert text == (tmp_path / "pylock.toml").read_text() == LOCK + "complete = 1\n"


def test_a_lock_that_has_what_the_kernel_provides_is_complete_as_it_is(session, fetcher):
    fetcher.provided = {"six": "1"}
    session.sync(COMPLETE)
    assert session.lock() == COMPLETE
    assert fetcher.calls[-1][0] == "sync"


def test_a_child_knows_what_its_parent_provides(session, fetcher, tmp_path, monkeypatch):
    fetcher.provided = {"b": "3", "c-d": "1.0+x"}
    session.use("six")
    (tmp_path / ".cloudshelf").mkdir()
    (tmp_path / ".cloudshelf/lock.toml").write_text(LOCK)
    monkeypatch.setenv(sessions.ENVIRONMENT, str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    child = sessions.Session()
    child.configure("file:///shelf")
    with pytest.warns(UserWarning, match="this kernel has b 3"):
        assert child.lock() == LOCK + "complete = 1\n"
    assert fetcher.calls[-1][1]["running"].items() >= fetcher.provided.items()


def test_a_lock_that_cannot_be_complete_is_not_written_and_says_why(session, fetcher, tmp_path):
    fetcher.provided = {"b": "3"}
    session.use("six")
    fetcher.failure = Unsatisfiable("There is no set of versions for six.")
    with pytest.raises(Unsatisfiable, match=r"No lock was written: this kernel provides b 3, .* no set of versions"):
        session.lock(tmp_path / "pylock.toml")
    assert list(tmp_path.iterdir()) == []


def test_sync_tells_what_is_pinned_now(session, fetcher):
    session.use("six")
    session.sync(LOCK)
    assert fetcher.calls[-1][1]["current"] == LOCK


def test_statistics_are_those_of_every_environment_of_this_process(session):
    session.use("six")
    session.use("attrs")
    assert session.status()["statistics"] == {"requests": 3, "bytes": 20}


def _environment(folder, project, files, *, version="1", modules=()):
    """An environment of one project: its index and presence; ``files``: path → (digest letter, size, present)."""
    (folder / ".cloudshelf").mkdir(parents=True)
    index = {
        "paths": list(files),
        "sizes": [size for _, size, _ in files.values()],
        "digests": b"".join(letter.encode() * 32 for letter, _, _ in files.values()),
        "projects": [{"name": project, "version": version, "start": 0, "stop": len(files), "modules": list(modules)}],
    }
    (folder / ".cloudshelf/index").write_bytes(marshal.dumps(index))
    (folder / ".cloudshelf/presence").write_bytes(bytes(present for _, _, present in files.values()))
    return str(folder)


def test_a_file_in_place_in_an_earlier_environment_counts_once(tmp_path):
    first = _environment(tmp_path / "1", "a", {"x.py": ("x", 100, 1), "y.py": ("y", 10, 1), "z.py": ("z", 1, 1)})
    second = _environment(tmp_path / "2", "a", {"x.py": ("x", 100, 0), "y.py": ("y", 10, 1), "z.py": ("o", 1, 0)})
    (row,) = in_place.environment_rows(second, [first, second])
    assert (row["present"], row["fetched"], row["bytes"]) == (2, 110, 111)
    (alone,) = in_place.environment_rows(second, [str(tmp_path / "gone"), second])
    assert alone["fetched"] == 10
