"""How far one gets on the way to an endpoint: name, connection, proxy, certificate; for ``doctor``.

The transports tell that a connection failed; this goes the same way step by step, with the settings that they follow
(proxy variables as reqwest and botocore read them, AWS_CA_BUNDLE, the system's certificates), and says where it ends.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed has only macOS's

from ..errors import EndpointUnreachable

SECONDS = 5.0  # for each step
_PORTS = {"http": 80, "https": 443}
_CERTIFICATE = {  # OpenSSL's X509_V_ERR_…, as in x509_vfy.h
    9: "is not valid yet; check the clock of this machine",
    10: "has expired; its administrator has to renew it",
    62: "is for another name; check the endpoint's spelling",
    64: "is for another address; check the endpoint's spelling",
}


class Proxy(NamedTuple):
    """A proxy, and the variable that names it. ``shown`` has no credentials."""

    variable: str
    parts: SplitResult

    @property
    def shown(self) -> str:
        return f"{self.parts.scheme}://{self.parts.hostname}:{self.port}"

    @property
    def port(self) -> int:
        return self.parts.port or _PORTS.get(self.parts.scheme, 1080)


def find_proxy(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy that leads to ``url``, if the environment names one and NO_PROXY does not except the host."""
    target = urlsplit(url)
    for stem in (f"{target.scheme}_proxy", "all_proxy"):
        for variable in (stem.upper(), stem):
            value = environ.get(variable, "").strip()
            if value:
                excepted = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
                host = f"{target.hostname}:{target.port}" if target.port else f"{target.hostname}"
                if proxy_bypass_environment(host, {"no": excepted}):
                    return None
                return Proxy(variable, urlsplit(value if "://" in value else f"http://{value}"))
    return None


def probe(url: str, *, setting: str, environ: Mapping[str, str], ca_bundle: bytes | None = None) -> str:
    """Go to ``url`` as far as its certificate; how that went. ``setting`` names the variable that it comes from.

    Raises EndpointUnreachable with the step that failed, and what to look at.
    """
    begun = time.monotonic()
    target, proxy = urlsplit(url), find_proxy(url, environ)
    host, port = str(target.hostname), target.port or _PORTS[target.scheme]
    with contextlib.ExitStack() as stack:
        if proxy is None:
            advice = f"Check {setting}; where a proxy leads out, set {target.scheme.upper()}_PROXY"
            line = stack.enter_context(_connected(url, host, port, host, advice))
        else:
            what = f"the proxy {proxy.shown} of {proxy.variable}"
            advice = f"Check {proxy.variable}; if no proxy is needed for it, add {host} to NO_PROXY"
            line = stack.enter_context(_connected(url, str(proxy.parts.hostname), proxy.port, what, advice))
            if proxy.parts.scheme not in ("http", "https"):
                return f"{url}: {what} answers"
            if target.scheme == "https":
                _tunnel(url, line, proxy, host, port, advice)
        if target.scheme == "https":
            line = stack.enter_context(_secured(url, line, host, setting, ca_bundle))
    way = f" through {proxy.shown}" if proxy else ""
    trust = "" if target.scheme == "http" else ", its certificate is trusted"
    return f"{url} answers{way}{trust} ({(time.monotonic() - begun) * 1000:.0f} ms)"


@contextlib.contextmanager
def _connected(url: str, host: str, port: int, what: str, advice: str) -> Iterator[socket.socket]:
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise EndpointUnreachable(url, f"the name of {what} cannot be resolved", advice) from None
    try:
        line = socket.create_connection((host, port), SECONDS)
    except ConnectionRefusedError:
        running = f"Is it running, and is the port right? {advice}"
        raise EndpointUnreachable(url, f"{what} refuses connections on port {port}", running) from None
    except TimeoutError:
        walled = f"A firewall may be in the way. {advice}"
        raise EndpointUnreachable(url, f"{what} does not answer on port {port}", walled) from None
    except OSError as error:
        raise EndpointUnreachable(url, f"there is no way to {what} ({error.strerror or error})", advice) from None
    with line:
        yield line


def _tunnel(url: str, line: socket.socket, proxy: Proxy, host: str, port: int, advice: str) -> None:
    """Have an http proxy lead on (RFC 9110, CONNECT). Raises EndpointUnreachable for what it answers instead."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.parts.username is not None:
        user = f"{unquote(proxy.parts.username)}:{unquote(proxy.parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(user.encode()).decode()}")
    what = f"the proxy {proxy.shown} of {proxy.variable}"
    try:
        line.sendall("".join(f"{each}\r\n" for each in (*lines, "")).encode())
        answer = b""
        while b"\r\n\r\n" not in answer and len(answer) < 65536:
            part = line.recv(4096)
            if not part:
                break
            answer += part
    except OSError:
        raise EndpointUnreachable(url, f"{what} does not answer", advice) from None
    words = answer.split(b"\r\n", 1)[0].decode("ascii", "replace").split()
    status = words[1] if len(words) > 1 and words[0].startswith("HTTP/") else ""
    if status == "407":
        asked = f"Its user and password belong into {proxy.variable}: http://USER:PASSWORD@HOST:PORT"
        raise EndpointUnreachable(url, f"{what} wants to know who asks (407)", asked)
    if not status.startswith("2"):
        said = f"answers {status}" if status.isdecimal() else "does not speak HTTP"
        raise EndpointUnreachable(url, f"{what} does not lead to {host}: it {said}", advice)


@contextlib.contextmanager
def _secured(
    url: str, line: socket.socket, host: str, setting: str, ca_bundle: bytes | None
) -> Iterator[socket.socket]:
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13 asks for more than the transports do
    if ca_bundle is not None:
        with contextlib.suppress(ssl.SSLError, ValueError):  # settings say what is wrong with it
            context.load_verify_locations(cadata=ca_bundle.decode("ascii", "ignore"))
    try:
        secured = context.wrap_socket(line, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _CERTIFICATE:
            fault = f"its certificate {_CERTIFICATE[error.verify_code]}"
            raise EndpointUnreachable(url, fault, f"Check {setting}") from None
        held = "the file of AWS_CA_BUNDLE lacks it" if ca_bundle is not None else "AWS_CA_BUNDLE is not set"
        raise EndpointUnreachable(
            url,
            f"its certificate is of an authority that is not trusted here, and {held}",
            "Set AWS_CA_BUNDLE to a file with that authority's certificate (a company's proxy has one of its own)",
        ) from None
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise EndpointUnreachable(
            url, f"{host} does not speak TLS ({reason})", f"Check {setting}: is it http, not https?"
        ) from None
    with secured:
        yield secured
