"""Where the way to an endpoint ends, and what to look at: name, connection, proxy, certificate."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cloudshelf.errors import EndpointUnreachable
from cloudshelf.stores.reachability import find_proxy, probe
from cloudshelf.verbs.endpoints import credential_endpoints, endpoint_checks
from tests.servers import _free_ports
from tests.tls import Authority, tunnel


class Quiet(BaseHTTPRequestHandler):
    """A server that answers nothing of interest, and a proxy that refuses with the status of its server."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None, status: int = 403) -> Iterator[int]:
    """The port of a server on 127.0.0.1, with TLS if ``context``."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Quiet)
    server.status = status  # type: ignore[attr-defined]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def fails(url: str, environ: dict[str, str] | None = None, ca: bytes | None = None) -> str:
    with pytest.raises(EndpointUnreachable) as caught:
        probe(url, setting="AWS_ENDPOINT_URL_S3", environ=environ or {}, ca_bundle=ca)
    return str(caught.value)


def test_a_closed_port_is_named_with_the_setting_to_look_at():
    (port,) = _free_ports(1)
    said = fails(f"http://127.0.0.1:{port}")
    assert said.startswith(f"http://127.0.0.1:{port} cannot be reached: 127.0.0.1 refuses connections on port {port}.")
    assert "Check AWS_ENDPOINT_URL_S3" in said and "HTTP_PROXY" in said


def test_a_name_that_nobody_has_is_told_from_a_closed_port():
    assert "the name of no-such-host.invalid cannot be resolved" in fails("https://no-such-host.invalid")


def test_a_server_that_never_accepts_is_told_from_one_that_refuses(monkeypatch):
    import cloudshelf.stores.reachability as module

    monkeypatch.setattr(module, "SECONDS", 0.2)

    def silent(address: tuple[str, int], timeout: float) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(module.socket, "create_connection", silent)
    assert "does not answer on port 443. A firewall may be in the way" in fails("https://127.0.0.1")


def test_a_certificate_of_an_unknown_authority_asks_for_aws_ca_bundle(tmp_path):
    ours, other = Authority(tmp_path), Authority(tmp_path, "other")
    with serving(ours.server("127.0.0.1")) as port:
        url = f"https://127.0.0.1:{port}"
        assert "an authority that is not trusted here, and AWS_CA_BUNDLE is not set. Set AWS_CA_BUNDLE" in fails(url)
        assert "the file of AWS_CA_BUNDLE lacks it" in fails(url, ca=other.pem)
        assert "its certificate is trusted" in probe(url, setting="x", environ={}, ca_bundle=ours.pem)


@pytest.mark.parametrize(
    ("names", "days", "says"),
    [
        (("127.0.0.1",), (-3, -2), "has expired"),
        (("127.0.0.1",), (2, 3), "is not valid yet; check the clock"),
        (("127.0.0.2",), (-1, 1), "is for another address"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(tmp_path, names, days, says):
    ours = Authority(tmp_path)
    with serving(ours.server(*names, days=days)) as port:
        assert says in fails(f"https://127.0.0.1:{port}", ca=ours.pem)


def test_http_where_https_was_meant_is_said():
    with serving() as port:
        assert "does not speak TLS" in fails(f"https://127.0.0.1:{port}")


def test_a_proxy_that_is_not_there_is_named_by_its_variable():
    (port,) = _free_ports(1)
    environ = {"HTTPS_PROXY": f"http://user:canary-secret@127.0.0.1:{port}"}
    said = fails("https://s3.example", environ)
    assert f"the proxy http://127.0.0.1:{port} of HTTPS_PROXY refuses connections" in said
    assert "add s3.example to NO_PROXY" in said and "canary" not in said


@pytest.mark.parametrize(
    ("status", "says"),
    [(403, "does not lead to s3.example: it answers 403"), (407, "wants to know who asks (407)"), (502, "answers 502")],
)
def test_a_proxy_that_refuses_is_named_with_what_it_answered(status, says):
    with serving(status=status) as port:
        said = fails("https://s3.example", {"https_proxy": f"http://127.0.0.1:{port}"})
    assert f"the proxy http://127.0.0.1:{port} of https_proxy" in said and says in said


def test_a_proxy_that_leads_on_leads_to_the_certificate(tmp_path):
    ours = Authority(tmp_path)
    with serving(ours.server("s3.example")) as port, tunnel(f"http://127.0.0.1:{port}") as proxy:
        found = probe("https://s3.example", setting="x", environ={"HTTPS_PROXY": proxy.endpoint}, ca_bundle=ours.pem)
        assert f"answers through {proxy.endpoint}, its certificate is trusted" in found
        assert proxy.asked == ["s3.example:443"]
        said = fails("https://s3.example", {"HTTPS_PROXY": proxy.endpoint})
        assert "an authority that is not trusted here" in said and "a company's proxy" in said


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "HTTPS_PROXY"),
        ({"ALL_PROXY": "p:1"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example"}, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "other, .example"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other"}, "HTTPS_PROXY"),
    ],
)
def test_the_variables_are_read_as_the_transports_read_them(environ, variable):
    found = find_proxy("https://s3.example", environ)
    assert (found.variable if found else None) == variable


# who gives the credentials


def test_keys_of_the_environment_need_nobody():
    assert credential_endpoints({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}) == []


def test_a_role_needs_sts_and_its_profile_s_sso(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = person\nregion = eu-west-1\n"
        "[profile person]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
        "[sso-session corp]\nsso_start_url = https://corp.example\nsso_region = us-west-2\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "role")
    found = {name: url for name, url, _ in credential_endpoints(dict(os.environ))}
    assert found == {
        "STS endpoint": "https://sts.eu-west-1.amazonaws.com",
        "SSO endpoint": "https://portal.sso.us-west-2.amazonaws.com",
    }


def test_a_closed_sts_is_told_from_s3(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (port,) = _free_ports(1)
    token = tmp_path / "token"
    token.write_text("a-token")
    with serving() as alive:
        for name, value in {
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{port}",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{alive}",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            monkeypatch.setenv(name, value)
        said = {}
        for name, find in endpoint_checks("s3://bucket/shelf"):
            try:
                said[name] = find()
            except Exception as error:
                said[name] = f"!! {error}"
    assert list(said) == ["S3 endpoint", "STS endpoint", "credentials"]
    assert said["S3 endpoint"].startswith(f"http://127.0.0.1:{alive} answers")
    assert f"!! http://127.0.0.1:{port} cannot be reached" in said["STS endpoint"]
    assert "AWS_ENDPOINT_URL_STS" in said["STS endpoint"]
    assert said["credentials"].startswith("!! ") and "renews credentials" in said["credentials"]


def test_a_folder_needs_no_endpoint():
    assert endpoint_checks("file:///shelf") == [] and endpoint_checks(None) == []
