"""doctor names the endpoint that cannot be reached, and goes on; no secret is shown."""

import json

import pytest

from tests.servers import _free_ports
from tests.tls import Authority
from tools.fault_proxy import faulty


@pytest.fixture
def doctor(shelf, cloudshelf, seaweed_server, tmp_path):
    """Runs doctor for a shelf on S3; the checks by name."""
    url = f"{seaweed_server.url}/{tmp_path.name}"
    environ = seaweed_server.environ() | {"CLOUDSHELF_TIMEOUT": "2"}
    cloudshelf("init", url, **environ)

    def run(code, **more):
        done = cloudshelf("doctor", "--json", "--shelf", url, code=code, **(environ | more))
        assert "canary" not in done.stdout + done.stderr and "Traceback" not in done.stderr
        return {check["check"]: check for check in json.loads(done.stdout)["checks"]}

    return run


def test_all_is_well_says_how_it_was_reached(doctor, seaweed_server):
    checks = doctor(0)
    assert checks["S3 endpoint"]["found"].startswith(f"{seaweed_server.endpoint} answers")
    assert checks["credentials"]["found"] == "keys of the environment"


def test_a_closed_port_is_the_endpoint_s_fault_alone(doctor):
    (port,) = _free_ports(1)
    checks = doctor(1, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")
    assert [name for name, check in checks.items() if not check["ok"]] == ["S3 endpoint", "shelf"]
    assert f"refuses connections on port {port}" in checks["S3 endpoint"]["found"]


def test_a_proxy_that_is_not_there_is_named(doctor):
    (port,) = _free_ports(1)
    proxy = f"http://who:canary-secret@127.0.0.1:{port}"
    checks = doctor(1, AWS_ENDPOINT_URL_S3="https://s3.example", HTTPS_PROXY=proxy)
    assert f"the proxy http://127.0.0.1:{port} of HTTPS_PROXY refuses" in checks["S3 endpoint"]["found"]


def test_an_authority_that_is_not_trusted_is_told_what_to_set_and_then_all_is_well(doctor, seaweed_server, tmp_path):
    ours = Authority(tmp_path)
    with faulty(seaweed_server.endpoint, ours.server("127.0.0.1")) as proxy:
        checks = doctor(1, AWS_ENDPOINT_URL_S3=proxy.endpoint)
        assert "Set AWS_CA_BUNDLE" in checks["S3 endpoint"]["found"] and not checks["shelf"]["ok"]
        checks = doctor(0, AWS_ENDPOINT_URL_S3=proxy.endpoint, AWS_CA_BUNDLE=str(ours.bundle))
        assert "its certificate is trusted" in checks["S3 endpoint"]["found"]
