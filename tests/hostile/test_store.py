"""The command, on a real S3: a hostile wheel is one message and an exit code, and the store is sent nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input.conftest import User, proxy, server, users  # noqa: F401  (fixtures)
from tests.publisher.wheels import build_wheel, entry
from tests.servers import S3Server
from tools.fault_proxy import FaultProxy

from . import zips


def escaping(folder: Path) -> Path:
    return build_wheel(folder, extra=[(entry("../evil.py"), b"")])


def confusing(folder: Path) -> Path:
    wheel = build_wheel(folder)
    wheel.write_bytes(zips.with_an_entry_that_the_directory_hides(wheel.read_bytes()))
    return wheel


def shadowing(folder: Path) -> Path:
    return build_wheel(folder, files={"json.py": b""})


@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (escaping, 4, ("demo-1.0-py3-none-any.whl was refused", "'../evil.py' leaves its folder")),
        (confusing, 4, ("demo-1.0-py3-none-any.whl was refused", "something stands")),
        (shadowing, 1, ("the module json", "--allow-module json demo")),
    ],
)
def test_the_store_is_sent_nothing(
    users: Callable[..., User],  # noqa: F811
    server: S3Server,  # noqa: F811
    proxy: FaultProxy,  # noqa: F811
    tmp_path: Path,
    make: Callable[[Path], Path],
    code: int,
    says: tuple[str, ...],
) -> None:
    author = users(f"{server.url}/{make.__name__}", **server.environ(endpoint=proxy.endpoint))
    author.run("init")
    proxy.forget()
    author.refused("publish", "--no-deps", make(tmp_path), code=code, says=says)
    assert {request.method for request in proxy.requests} == {"GET"}
    author.run("publish", "--no-deps", build_wheel(tmp_path, version="2.0"))
