"""Where settings come from, and which URLs can be a shelf."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf import config
from cloudshelf.config import check_allowed, default_shelf_folder, read_config
from cloudshelf.errors import ShelfForbidden, UsageError
from cloudshelf.stores.opening import open_store
from cloudshelf.urls import normalize_url, normalize_urls, split_urls

REPOSITORY = Path(config.__file__).parents[1]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A user without settings on a machine without settings."""
    monkeypatch.setattr(config, "_SYSTEM_FILE", tmp_path / "etc" / "cloudshelf.toml")
    return {"HOME": str(tmp_path / "home")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_settings_there_is_no_shelf_and_a_default_cache(environ: dict[str, str]) -> None:
    found = read_config(environ)
    assert (found.url, found.url_origin) == (None, "not set")
    assert (found.cache, found.cache_origin) == (Path(environ["HOME"]) / ".cache/cloudshelf", "default")


def test_the_embedded_shelf_is_taken_where_nobody_named_another(environ: dict[str, str]) -> None:
    folder = default_shelf_folder(environ)
    write(folder / "shelf.json", "")
    found = read_config(environ)
    assert (found.url, found.url_origin) == (folder.as_uri(), "embedded")
    assert read_config(environ, configured="s3://trait").url == "s3://trait"
    found = read_config(environ | {"CLOUDSHELF_URL": "s3://environment"}, configured="s3://trait")
    assert (found.url, found.url_origin) == ("s3://environment", "environment CLOUDSHELF_URL")


def test_the_environment_wins_over_the_users_file_over_the_machines(environ: dict[str, str], tmp_path: Path) -> None:
    machine = write(tmp_path / "etc/cloudshelf.toml", 'shelf = "s3://machine"\ncache = "/machine"\n')
    assert (read_config(environ).url, read_config(environ).url_origin) == ("s3://machine", str(machine))
    user = write(tmp_path / "home/.config/cloudshelf/config.toml", 'shelf = "s3://user/x"\n')
    found = read_config(environ)
    assert (found.url, found.url_origin) == ("s3://user/x", str(user))
    assert (found.cache, found.cache_origin) == (Path("/machine"), str(machine))
    found = read_config(environ | {"CLOUDSHELF_URL": "s3://environment/", "CLOUDSHELF_CACHE": "~/c"})
    assert (found.url, found.url_origin) == ("s3://environment", "environment CLOUDSHELF_URL")
    assert (found.cache, found.cache_origin) == (tmp_path / "home/c", "environment CLOUDSHELF_CACHE")


def test_a_named_file_is_read_in_place_of_the_others(environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "home/.config/cloudshelf/config.toml", 'cache = "/user"\n')
    named = write(tmp_path / "named.toml", 'shelf = "s3://named"\n')
    found = read_config(environ | {"CLOUDSHELF_CONFIG": str(named)})
    assert (found.url, found.cache_origin) == ("s3://named", "default")


@pytest.mark.parametrize("content", [None, "shelf = ", "shelf = 3"])
def test_a_file_that_cannot_be_used_is_named(environ: dict[str, str], tmp_path: Path, content: str | None) -> None:
    named = tmp_path / "named.toml"
    if content is not None:
        write(named, content)
    with pytest.raises(UsageError, match=r"named\.toml"):
        read_config(environ | {"CLOUDSHELF_CONFIG": str(named)})


def test_xdg_folders_are_honoured_when_absolute(environ: dict[str, str]) -> None:
    assert read_config(environ | {"XDG_CACHE_HOME": "/x"}).cache == Path("/x/cloudshelf")
    assert read_config(environ | {"XDG_CACHE_HOME": "x"}).cache == Path(environ["HOME"]) / ".cache/cloudshelf"
    assert default_shelf_folder(environ) == Path(environ["HOME"]) / ".local/share/cloudshelf/shelf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        (" S3://bucket/a/b/ ", "s3://bucket/a/b"),
        ("file:///srv/shelf/", "file:///srv/shelf"),
        ("file://localhost/srv/shelf", "file:///srv/shelf"),
        ("file:///srv/our%20shelf", "file:///srv/our%20shelf"),
        ("/srv/../srv/our shelf", "file:///srv/our%20shelf"),
        ("/srv/50%", "file:///srv/50%25"),
        ("memory:", "memory:"),
    ],
)
def test_a_url_has_one_spelling(text: str, expected: str) -> None:
    assert normalize_url(text) == expected
    assert normalize_url(expected) == expected


def test_a_relative_path_is_of_the_working_folder() -> None:
    assert normalize_url("shelf") == f"file://{Path.cwd()}/shelf"


@pytest.mark.parametrize(
    "text",
    ["", "http://host/x", "gs://bucket", "s3://", "s3://Bucket_/x", "s3:///x", "s3://bucket/../x", "s3://bucket/a//b",
     "s3://bucket/x?versionId=1", "s3://bucket/x#y", "file://host/x", "file:relative", "s3://[bad/x", "s3://bucket/.x"],
)  # fmt: skip
def test_what_cannot_be_a_shelf_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(UsageError, match=r"s3://bucket/prefix|letters, digits|\? or #|file:///path"):
        normalize_url(text)


@pytest.mark.parametrize(
    "text",
    ["s3://AKIDCANARY:canary@bucket/x", "https://user:canary@host/x", "s3://canary@bucket", "file://u:canary@/x"],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="credentials") as caught:
        normalize_url(text)
    assert "canary" not in str(caught.value).lower()


def test_reading_settings_needs_the_standard_library_only() -> None:
    program = (
        "import sys, cloudshelf.config; print({m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names)"
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    output = subprocess.check_output(
        [sys.executable, "-S", "-c", program], text=True, timeout=60, env=environ, cwd=REPOSITORY
    )
    assert output.strip() in ("{'cloudshelf'}", "{'cloudshelf', '__main__'}", "{'__main__', 'cloudshelf'}")


def test_several_shelves_keep_their_order_and_lose_doubles() -> None:
    text = normalize_urls(" s3://team/x/, file:///srv/shelf ,s3://team/x")
    assert split_urls(text) == ["s3://team/x", "file:///srv/shelf"]
    with pytest.raises(UsageError, match="is not the URL of a shelf"):
        normalize_urls("s3://team,,s3://org")


def test_a_folder_with_a_comma_in_its_name_is_one_shelf(tmp_path: Path) -> None:
    (tmp_path / "a,b").mkdir()
    text = normalize_urls(str(tmp_path / "a,b"))
    assert split_urls(text) == [f"file://{tmp_path}/a%2Cb"]
    assert normalize_urls(text) == text


def test_several_shelves_come_from_the_environment_and_from_a_list_in_a_file(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert read_config(environ | {"CLOUDSHELF_URL": "s3://team,s3://org/"}).url == "s3://team,s3://org"
    write(tmp_path / "etc/cloudshelf.toml", 'shelf = ["s3://team", "s3://org/"]\n')
    assert read_config(environ).url == "s3://team,s3://org"


@pytest.mark.parametrize("text", ["shelf = []", "shelf = [1]", 'cache = ["/a"]'])
def test_a_list_that_cannot_be_one_is_named(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    named = write(tmp_path / "named.toml", text)
    with pytest.raises(UsageError, match=r"named\.toml"):
        read_config(environ | {"CLOUDSHELF_CONFIG": str(named)})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("s3://org/curated", True),
        ("s3://org/curated/more", False),
        ("s3://team/a/b", True),
        ("s3://team", False),
        ("s3://teams/a", False),
        ("file:///srv/shelf", False),
    ],
)
def test_the_machine_says_which_shelves_may_be_connected(
    environ: dict[str, str], tmp_path: Path, url: str, allowed: bool
) -> None:
    write(tmp_path / "etc/cloudshelf.toml", 'allowed_shelves = ["s3://org/curated/", "s3://team/*"]\n')
    if allowed:
        check_allowed(url)
        return
    for asked in (check_allowed, open_store):
        with pytest.raises(ShelfForbidden, match=r"allowed: s3://org/curated/, s3://team/\* \(.*cloudshelf\.toml\)"):
            asked(url)


def test_no_setting_of_a_user_allows_another_shelf(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "etc/cloudshelf.toml", "allowed_shelves = []\n")
    monkeypatch.setenv("CLOUDSHELF_CONFIG", str(write(tmp_path / "mine.toml", 'allowed_shelves = ["s3://mine"]\n')))
    with pytest.raises(ShelfForbidden, match="allowed: none"):
        check_allowed("s3://mine")
