"""Where server and kernel connect to comes from their configuration: nothing that others write leads them elsewhere."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloudshelf.codecs.notebook import make_block
from tests.channel.front_end import FrontEnd
from tests.faces.conftest import make_wheel
from tests.faces.test_kernel import Kernel
from tests.server.running import Server, own_environ, running
from tests.servers import S3Server
from tools.fault_proxy import Fault, FaultProxy, Handler, Reply, faulty

pytestmark = [pytest.mark.xdist_group("server"), pytest.mark.timeout(300)]


@dataclass
class Trap:
    """Another host (all of 127.0.0.0/8 is this machine): it only counts who comes."""

    port: int
    visits: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.2:{self.port}"

    @property
    def urls(self) -> list[str]:
        """Its address in every way that a shelf, a file or a link could be written."""
        forms = ["http://{}/x", "https://{}/x", "s3://{}/x", "s3://{}", "file://{}/x", "ftp://{}/x", "//{}/x", "{}"]
        forms += ["s3://shelf/x?endpoint=http://{}", "s3://shelf/x#http://{}", "s3://shelf@{}/x", "memory://{}/x"]
        forms += ["s3+http://{}/shelf/x", "s3://shelf/x,http://{}/y", "s3://shelf/../{}", "http://shelf@{}/x"]
        return [form.format(self.host) for form in forms]


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.2", 0)) as listening:
        found = Trap(listening.getsockname()[1])

        def serve() -> None:
            with contextlib.suppress(OSError):  # closed at the end
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.settimeout(1)
                        with contextlib.suppress(OSError):
                            found.visits.append(connection.recv(200).decode("latin-1"))

        threading.Thread(target=serve, daemon=True).start()
        yield found
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def nobody_came(trap: Trap) -> Iterator[None]:
    trap.visits.clear()
    yield
    assert trap.visits == []


@dataclass(frozen=True)
class Redirect(Fault):
    """S3's, and any web server's, way to send a client elsewhere."""

    status: int
    url: str

    def before(self, handler: Handler) -> Reply | None:
        host = self.url.partition("://")[2].partition("/")[0]
        body = f"<Error><Code>TemporaryRedirect</Code><Endpoint>{host}</Endpoint></Error>".encode()
        headers = (("Location", f"{self.url}{handler.path}"), ("x-amz-bucket-region", "eu-west-9"))
        return Reply(self.status, (*headers, ("Content-Length", str(len(body)))), body)


@dataclass(frozen=True)
class Place:
    """A shelf whose every object names the trap where it can, and how to work with it."""

    url: str
    environ: dict[str, str]
    proxy: FaultProxy
    folder: Path

    def cloudshelf(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cloudshelf", *map(str, words)],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture(scope="module")
def place(seaweed_server: S3Server, trap: Trap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with faulty(seaweed_server.endpoint) as proxy:
        url = f"{seaweed_server.url}/{folder.name}"
        aws = seaweed_server.environ(endpoint=proxy.endpoint)
        more = {"CLOUDSHELF_URL": url, "CLOUDSHELF_TIMEOUT": "3", "XDG_RUNTIME_DIR": str(folder)}
        found = Place(url, own_environ(folder) | aws | more, proxy, folder)
        folder.chmod(0o700)
        wheel = make_wheel(
            folder,
            "leading",
            "1.0",
            {"leading.py": "x = 1\n"},
            requires=[f'other @ http://{trap.host}/other-1.0-py3-none-any.whl; extra == "more"'],
            more=f"Home-page: http://{trap.host}/\nDownload-URL: http://{trap.host}/x\n"
            f"Project-URL: Docs, http://{trap.host}/docs\nDescription-Content-Type: text/markdown\n\n"
            f"![a](http://{trap.host}/a.png)\n",
        )
        for words in (
            ("init", "--name", f"http://{trap.host}"),
            ("settings", "request-url", f"http://{trap.host}/{{name}}"),
            ("publish", "--no-deps", wheel),
            ("lock", "--name", "team/one", "leading"),
        ):
            done = found.cloudshelf(*words)
            assert done.returncode == 0, done.stderr
        yield found


@pytest.fixture(scope="module")
def reading(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {name: value for name, value in place.environ.items() if name.startswith(("AWS_", "CLOUDSHELF_"))}
    with running(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(place: Place, trap: Trap, status: int, tmp_path: Path) -> None:
    place.proxy.fail(Redirect(status, f"http://{trap.host}"), nth=None)
    try:
        own = Place(place.url, place.environ | {"CLOUDSHELF_CACHE": str(tmp_path / "cache")}, place.proxy, tmp_path)
        for words in (("ls",), ("lock", "leading"), ("doctor",)):
            done = own.cloudshelf(*words)
            assert done.returncode != 0 and "Traceback" not in done.stderr, done.stdout
    finally:
        place.proxy.heal()


def test_a_redirect_of_what_a_server_reads_leads_nowhere(place: Place, trap: Trap, reading: Server) -> None:
    place.proxy.fail(Redirect(307, f"http://{trap.host}"), nth=None)
    try:
        answer = reading.ask(reading.path("projects", "leading"))
        assert answer.status >= 500 and answer.problem["message"], answer.body
    finally:
        place.proxy.heal()


def test_no_request_to_the_server_leads_elsewhere(trap: Trap, reading: Server, place: Place) -> None:
    """What is on the shelf is answered, links to the other host included: nobody follows them."""
    version = reading.get("projects", "leading", "versions", "1.0")
    assert trap.host in json.dumps(version)
    for url in trap.urls:
        for path in (
            f"/shelves?url={url}&shelf={url}&endpoint={url}",
            f"/shelves/{reading.shelf}/projects?q={url}&endpoint={url}",
        ):
            reading.ask(path, X_Forwarded_Host=trap.host, X_Amz_Endpoint=url)
        lock = place.cloudshelf("lock", "leading").stdout.replace(place.url, url)
        for path, body in (("/locks/block", {"text": lock}), ("/locks/diff", {"before": lock, "after": lock})):
            reading.ask(path, method="POST", body=json.dumps(body).encode())


def test_no_lock_leads_elsewhere(place: Place, trap: Trap, tmp_path: Path) -> None:
    lock = place.cloudshelf("lock", "leading").stdout
    assert place.url in lock
    for number, url in enumerate(trap.urls):
        file = tmp_path / f"pylock.{number}.toml"
        file.write_text(lock.replace(place.url, url))
        done = place.cloudshelf("run", file, "--", "python", "-c", "import leading")
        assert "Traceback" not in done.stderr, done.stderr
    for url in trap.urls:
        assert place.cloudshelf("ls", "--shelf", url).returncode != 0


def test_neither_a_notebook_nor_a_panel_leads_a_kernel_elsewhere(place: Place, trap: Trap) -> None:
    lock = place.cloudshelf("lock", "leading").stdout
    kernel = Kernel(place.environ)
    try:
        assert kernel("%load_ext cloudshelf").status == "ok"
        front_end = FrontEnd(kernel)
        panel = front_end.open()
        panel.wait(lambda state: state)
        for url in trap.urls:
            block = make_block(lock.replace(place.url, url), url)
            panel.ask("notebook", block=block, path=url)
            panel.ask("restore", block=block, path=url, force=True)
            panel.ask("diff", block=block, path=url)
            assert not panel.ask("connect", url=url)["ok"]
            panel.ask("use", requirements=[f"leading @ {url}", url])
        assert panel.state["shelf"]["url"] == place.url
        front_end.stop()
    finally:
        kernel.stop()


def test_the_trap_counts(trap: Trap) -> None:
    with socket.create_connection(("127.0.0.2", trap.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(1) == b""
    assert trap.visits.pop().startswith("GET /")
