"""A shelf that is not there, not allowed, not reached or slow: the panel always says something, and what next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import Identity, S3Server, seaweed
from tools.fault_proxy import Answer, FaultProxy, Hold, Reset, faulty

from .lab import Lab
from .pages import LabPage
from .shelves import SmallShelf, make_small

READER = Identity("reader", "AKIDREADER", "canary-secret-reader", ("Read:shelf/*", "List:shelf/*"))
NOBODY = Identity("nobody", "AKIDNOBODY", "canary-secret-nobody", ("Read:shelf/elsewhere/*",))
# Not to shelftwo: S3 answers 403 for it, and the panel shows a lock.
PARTLY = Identity(
    "partly",
    "AKIDPARTLY",
    "canary-secret-partly",
    (
        "Read:shelf/small/shelf.json*",
        "Read:shelf/small/catalog/*",
        "Read:shelf/small/settings/*",
        "Read:shelf/small/projects/shelfone/*",
        "List:shelf/small/*",
    ),
)
SECRET = "canary-secret"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with seaweed([READER, NOBODY, PARTLY]) as running:
        yield running


@pytest.fixture(scope="module")
def small(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> SmallShelf:
    return make_small(tmp_path_factory.mktemp("small"), f"{server.url}/small", **server.environ())


@pytest.fixture(scope="module")
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with faulty(server.endpoint) as running:
        yield running


@pytest.fixture
def shown(
    start_lab: Callable[..., Lab], open_page: Callable[..., LabPage]
) -> Callable[[Mapping[str, str], str], LabPage]:
    """The panel of a Lab with these variables, once the section of the shelf says ``state``."""

    def show(environ: Mapping[str, str], state: str) -> LabPage:
        lab = start_lab("bad", **environ)
        page = open_page(lab, lab.notebook("a.ipynb", kernel=lab.python()))
        page.panel.open()
        page.panel.shelf_state(state)
        page.expect_problems(r"^(403|404|502|503|504): GET .*/cloudshelf/api/")
        assert SECRET not in page.page.content()
        return page

    return show


def test_no_shelf_is_configured(shown) -> None:
    page = shown({}, "empty")
    expect(page.panel.shelf).to_contain_text("CLOUDSHELF_URL")


def test_a_bucket_that_is_not_there(shown, server: S3Server) -> None:
    page = shown({"CLOUDSHELF_URL": "s3://no-such-bucket/shelf", **server.environ()}, "error")
    expect(page.panel.shelf).to_contain_text("no-such-bucket")
    expect(page.panel.shelf.locator('[data-action="retry"]')).to_be_visible()


def test_a_bucket_without_a_shelf(shown, server: S3Server) -> None:
    page = shown({"CLOUDSHELF_URL": f"{server.url}/empty", **server.environ()}, "error")
    expect(page.panel.shelf).to_contain_text("no shelf")


def test_no_credentials(shown, server: S3Server, small: SmallShelf) -> None:
    environ = {k: v for k, v in server.environ().items() if "KEY" not in k} | {"AWS_EC2_METADATA_DISABLED": "true"}
    page = shown({"CLOUDSHELF_URL": small.url, **environ}, "error")
    expect(page.panel.shelf).to_contain_text("credentials")


def test_credentials_that_allow_nothing(shown, server: S3Server, small: SmallShelf) -> None:
    shown({"CLOUDSHELF_URL": small.url, **server.environ(NOBODY)}, "locked")


def test_credentials_that_have_expired(shown, server: S3Server, proxy: FaultProxy, small: SmallShelf) -> None:
    proxy.fail(Answer(400, "ExpiredToken"), nth=None)
    page = shown({"CLOUDSHELF_URL": small.url, **server.environ(READER, proxy.endpoint)}, "error")
    expect(page.panel.shelf).to_contain_text("expired")
    proxy.heal()
    page.panel.press("retry", within=page.panel.shelf)
    expect(page.panel.project("shelfone")).to_be_visible()


def test_unreachable_and_back_again(shown, server: S3Server, proxy: FaultProxy, small: SmallShelf) -> None:
    proxy.fail(Reset(), nth=None)
    page = shown({"CLOUDSHELF_URL": small.url, **server.environ(READER, proxy.endpoint)}, "error")
    proxy.heal()
    page.panel.press("retry", within=page.panel.shelf)
    page.panel.shelf_state("ready")
    expect(page.panel.project("shelfone")).to_be_visible()


def test_slow_is_a_skeleton_then_a_message_then_there(
    shown, server: S3Server, proxy: FaultProxy, small: SmallShelf
) -> None:
    slow = Hold()
    proxy.fail(slow, nth=None)
    page = shown({"CLOUDSHELF_URL": small.url, **server.environ(READER, proxy.endpoint)}, "loading")
    expect(page.panel.shelf.get_by_role("status", name="Loading the shelf")).to_be_visible()
    page.panel.shelf_state("error")
    page.expect_problems(r"^504: GET .*/cloudshelf/api/")
    proxy.heal()
    slow.release()
    page.panel.press("retry", within=page.panel.shelf)
    expect(page.panel.project("shelfone")).to_be_visible()


def test_what_one_may_not_read_is_locked_and_says_whom_to_ask(shown, server: S3Server, small: SmallShelf) -> None:
    small.cloudshelf("settings", "request-url", "https://example.org/ask?project={name}")
    page = shown({"CLOUDSHELF_URL": small.url, **server.environ(PARTLY)}, "ready")
    page.panel.expand(page.panel.project("shelfone"))
    expect(page.panel.version("shelfone", "1.0")).to_be_visible()
    page.panel.expand(page.panel.project("shelftwo"))
    locked = page.panel.shelf.locator('[role="alert"][data-state="locked"]')
    expect(locked).to_be_visible()
    expect(locked.get_by_role("link")).to_have_attribute("href", "https://example.org/ask?project=shelftwo")
    page.expect_problems(r"^403: GET .*/cloudshelf/api/")


def test_several_shelves_are_several_roots(
    start_lab: Callable[..., Lab], open_page: Callable[..., LabPage], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One of them is not there: the other is shown all the same."""
    folder: Path = tmp_path_factory.mktemp("two")
    small = make_small(folder)
    lab = start_lab("two", CLOUDSHELF_URL=f"{small.url},{(folder / 'nothing').as_uri()}")
    page = open_page(lab, lab.notebook("a.ipynb", kernel=lab.python()))
    page.panel.open()
    expect(page.panel.shelf.locator('[role="treeitem"][aria-level="1"]')).to_have_count(2)
    expect(page.panel.project("shelfone")).to_be_visible()
    expect(page.panel.shelf).to_contain_text("nothing")
    page.expect_problems(r"^(404|503): GET .*/cloudshelf/api/")
