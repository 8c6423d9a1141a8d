"""A team's shelf over the organization's, on a real S3 server, from the command and from a kernel."""

import json
import tomllib

import pytest

from tests.servers import Identity, seaweed

from .conftest import make_wheel
from .test_kernel import Kernel

COLLEAGUE = Identity("colleague", "AKIDCOLLEAGUE", "canary-secret-colleague", ("Read:shelf/org/*", "List:shelf/org/*"))


@pytest.fixture(scope="module")
def server():
    with seaweed([COLLEAGUE]) as running:
        yield running


@pytest.fixture(scope="module")
def shelves(server, cloudshelf, tmp_path_factory):
    """The settings of who works with both: the team has its own, older common; app is the team's, base the other's."""
    folder = tmp_path_factory.mktemp("wheels")
    team, org = f"{server.url}/team", f"{server.url}/org"
    access = server.environ()
    source = {"common.py": "version = {!r}\n"}
    of_team = [
        make_wheel(folder, "common", "1.0", {"common.py": source["common.py"].format("1.0 of the team")}),
        make_wheel(folder, "app", "1.0", {"app.py": "import base, common\n"}, requires=["base", "common"]),
    ]
    of_org = [
        make_wheel(folder, "common", "2.0", {"common.py": source["common.py"].format("2.0 of the organization")}),
        make_wheel(folder, "base", "3.0", {"base.py": "version = '3.0'\n"}),
    ]
    for url, wheels in ((team, of_team), (org, of_org)):
        cloudshelf("init", url, "--name", url[-4:].strip("/"), **access)
        for wheel in wheels:
            cloudshelf("--shelf", url, "publish", "--no-deps", wheel, **access)
    return access | {"CLOUDSHELF_URL": f"{team},{org}"}


CODE = "import app, common, base; print(common.version, base.version)"


def test_one_environment_is_filled_from_both(shelves, cloudshelf, tmp_path):
    shelves = shelves | {"CLOUDSHELF_CACHE": str(tmp_path)}
    shown = cloudshelf("run", "--with", "app", "--", "python", "-c", CODE, **shelves)
    assert shown.stdout == "1.0 of the team 3.0\n"


def test_a_lock_says_which_shelf_supplies_what_and_needs_no_setting(shelves, cloudshelf, tmp_path):
    file = tmp_path / "pylock.toml"
    cloudshelf("lock", "app", "-o", file, **shelves)
    team, org = shelves["CLOUDSHELF_URL"].split(",")
    table = tomllib.loads(file.read_text())
    assert table["tool"]["cloudshelf"]["shelf"] == [team, org]
    assert {p["name"]: p["tool"]["cloudshelf"]["shelf"] for p in table["packages"]} == {
        "app": team,
        "base": org,
        "common": team,
    }
    elsewhere = shelves | {"CLOUDSHELF_URL": "", "CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    shown = cloudshelf("run", "--lock", file, "--", "python", "-c", CODE, **elsewhere)
    assert shown.stdout == "1.0 of the team 3.0\n"


def test_ls_and_search_name_the_shelf(shelves, cloudshelf):
    team, org = shelves["CLOUDSHELF_URL"].split(",")
    rows = json.loads(cloudshelf("ls", "--json", **shelves).stdout)["projects"]
    assert {row["project"]: (row["default"], row["shelf"]) for row in rows} == {
        "app": ("1.0", team),
        "base": ("3.0", org),
        "common": ("1.0", team),
    }
    assert org in cloudshelf("search", "base", **shelves).stdout


def test_a_curator_says_which_shelf(shelves, cloudshelf, tmp_path):
    team, org = shelves["CLOUDSHELF_URL"].split(",")
    wheel = make_wheel(tmp_path, "more", "1.0", {"more.py": ""})
    for words in (("publish", "--no-deps", wheel), ("yank", "common==1.0"), ("verify",), ("init",)):
        shown = cloudshelf(*words, code=2, **shelves)
        assert f"Several shelves are connected, and this is about one: {team}, {org}. Say which: --shelf URL" in (
            shown.stderr
        )
    assert "more" not in cloudshelf("ls", **shelves).stdout


def test_denied_is_not_absent(shelves, cloudshelf, server, tmp_path):
    """Who may not read the team's shelf gets nothing from the other in its place, and is told why."""
    mine = shelves | server.environ(COLLEAGUE) | {"CLOUDSHELF_CACHE": str(tmp_path)}
    team, org = shelves["CLOUDSHELF_URL"].split(",")
    shown = cloudshelf("run", "--with", "common", "--", "python", "-c", "import common", code=3, **mine)
    assert "Your credentials give no access to" in shown.stderr and team in shown.stderr
    alone = mine | {"CLOUDSHELF_URL": org}
    code = "import common; print(common.version)"
    shown = cloudshelf("run", "--with", "common", "--", "python", "-c", code, **alone)
    assert shown.stdout == "2.0 of the organization\n"


def test_a_shelf_that_is_not_there_is_named(shelves, cloudshelf):
    team, _ = shelves["CLOUDSHELF_URL"].split(",")
    shown = cloudshelf("ls", code=1, **shelves | {"CLOUDSHELF_URL": f"{team},{team}/nothing"})
    assert f"There is no shelf at {team}/nothing." in shown.stderr


def test_a_kernel_connects_to_several_in_order(shelves, settings):
    kernel = Kernel(settings | shelves | {"CLOUDSHELF_URL": ""})
    try:
        team, org = shelves["CLOUDSHELF_URL"].split(",")
        kernel("%load_ext cloudshelf")
        shown = kernel(f"%shelf connect {team} {org}")
        assert shown.text == (
            f"Connected to team at {team}, then org at {org}; the first that holds a project supplies it\n"
        ), shown.error
        assert "With: base 3.0 (for app), common 1.0 (for app)" in kernel("%shelf use app").text
        assert kernel(CODE).text == "1.0 of the team 3.0\n"
        assert f"{team},{org}" in kernel("%shelf").text
        shown = kernel("import base\nprint(base.version)")
        assert shown.text == "3.0\n"
    finally:
        kernel.stop()
