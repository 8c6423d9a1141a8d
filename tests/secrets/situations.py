"""What may be wrong while secrets are about: settings for each, as data. Each is tried with every face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.servers import S3Server
from tests.stress import EVERYTHING
from tools.fault_proxy import Fault, FaultProxy, Handler, Reply

from .canaries import MARK, canary, keys


@dataclass(frozen=True)
class World:
    """Where the good shelf is, and a proxy before it."""

    server: S3Server
    shelf: str
    proxy: FaultProxy


class Echo(Fault):
    """A server that puts into its error what it was sent: keys, tokens, signatures (as debugging proxies do)."""

    def before(self, handler: Handler) -> Reply | None:
        said = " ".join(f"{name}: {value}" for name, value in handler.headers.items())
        text = f"<Error><Code>AccessDenied</Code><Message>{said} {handler.path} {canary('echo')}</Message></Error>"
        body = text.encode()
        return Reply(403, (("Content-Type", "application/xml"), ("Content-Length", str(len(body)))), body)


def _good(world: World, home: Path) -> dict[str, str]:
    """All is well; the secret key itself is a canary."""
    return {"CLOUDSHELF_URL": world.shelf, **world.server.environ()}


def _wrong_keys(world: World, home: Path) -> dict[str, str]:
    return {"CLOUDSHELF_URL": world.shelf, **world.server.environ(), **keys()}


def _files(world: World, home: Path) -> dict[str, str]:
    """No variables: the default profile of the file, which the server does not know."""
    return {"CLOUDSHELF_URL": world.shelf, "AWS_ENDPOINT_URL_S3": world.server.endpoint}


def _profile(name: str) -> Callable[[World, Path], dict[str, str]]:
    return lambda world, home: _files(world, home) | {"AWS_PROFILE": name}


def _broken_file(world: World, home: Path) -> dict[str, str]:
    """A line of the file without its "=": the parser's own message has it."""
    broken = home / "broken"
    broken.write_text(f"[default]\naws_access_key_id = AKID\n{canary('line')}\n{canary('line2')} {canary('line3')}\n")
    return _files(world, home) | {"AWS_SHARED_CREDENTIALS_FILE": str(broken)}


def _endpoint(text: str) -> Callable[[World, Path], dict[str, str]]:
    return lambda world, home: _wrong_keys(world, home) | {"AWS_ENDPOINT_URL_S3": text}


def _url(text: str) -> Callable[[World, Path], dict[str, str]]:
    return lambda world, home: _wrong_keys(world, home) | {"CLOUDSHELF_URL": text}


def _echo(world: World, home: Path) -> dict[str, str]:
    world.proxy.fail(Echo(), nth=None)
    return _wrong_keys(world, home) | {"AWS_ENDPOINT_URL_S3": world.proxy.endpoint}


def _config(world: World, home: Path) -> dict[str, str]:
    """cloudshelf's own file, with a URL that it refuses."""
    file = home / "cloudshelf.toml"
    file.write_text(f'url = "s3://ann:{_IN_URL}@shelf/x"\n')
    return keys() | {"CLOUDSHELF_CONFIG": str(file)}


_IN_URL = quote(canary("url"), safe="")
SITUATIONS: Mapping[str, Callable[[World, Path], dict[str, str]]] = {
    "all is well": _good,
    "wrong keys in the environment": _wrong_keys,
    "wrong keys in a file": _files,
    "wrong keys of a profile": _profile("broken"),
    "a profile that is not there": _profile(f"{MARK}-profile"),
    "a program for credentials that fails": _profile("program"),
    "a program for credentials that says something else": _profile("nothing"),
    "a role that cannot be taken": _profile("role"),
    "a file of credentials that cannot be read": _broken_file,
    "a server that says again what it was told": _echo,
    "an endpoint with a password": _endpoint(f"http://ann:{_IN_URL}@127.0.0.1:9"),
    "an endpoint with a query": _endpoint(f"http://127.0.0.1:9/?X-Amz-Signature={_IN_URL}"),
    "an endpoint that is no URL": _endpoint(f"127.0.0.1:{_IN_URL}"),
    "a shelf's URL with a password": _url(f"s3://ann:{_IN_URL}@shelf/x"),
    "a shelf's URL with a query": _url(f"s3://shelf/x?X-Amz-Security-Token={_IN_URL}"),
    "a shelf's URL of another kind": _url(f"https://ann:{_IN_URL}@example.org/x?key={_IN_URL}"),
    "a URL with a password in the settings": _config,
}

# Starting a server or a kernel takes seconds: ``make test`` tries these, ``make stress`` all.
TRIED = (
    tuple(SITUATIONS)
    if EVERYTHING
    else (
        "all is well",
        "a program for credentials that fails",
        "a file of credentials that cannot be read",
        "a server that says again what it was told",
        "an endpoint with a password",
        "a shelf's URL with a password",
    )
)
