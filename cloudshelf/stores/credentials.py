"""The standard AWS settings: where S3 is, and who is asking.

Keys in the environment are used as they are. Everything else (profiles, SSO, assumed roles, processes, web identity,
container and instance roles) is boto3's business, which is imported only then and renews what expires.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import CredentialsMissing, ShelfError, UsageError
from .transport_errors import translate_credentials

if TYPE_CHECKING:
    from obstore.store import S3Credential

# obstore asks again 5 minutes before expiry, botocore renews at least 10 minutes before the true one. Keys that live
# for less than that are told to obstore as they are.
_ASK_AGAIN = timedelta(minutes=10)
_TIMEOUT = 30.0
_OF_A_PROFILE = ("region", "endpoint_url", "ignore_configured_endpoint_urls", "ca_bundle", "services")


class S3Settings(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """Where S3 is and how to speak to it; no secrets. ``endpoint`` None is Amazon's own."""

    region: str
    endpoint: str | None
    ca_bundle: bytes | None
    anonymous: bool
    timeout: float


def read_settings(environ: Mapping[str, str]) -> S3Settings:
    """The settings in ``environ`` and in the shared configuration file's profile. Raises UsageError for wrong ones."""
    profile = _read_profile(environ)
    endpoint = None
    ignored = environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or profile.get("ignore_configured_endpoint_urls", "")
    if ignored.lower() != "true":
        names = (environ.get("AWS_ENDPOINT_URL_S3"), environ.get("AWS_ENDPOINT_URL"), profile.get("endpoint_url"))
        endpoint = next((_checked_endpoint(url, environ) for url in names if url), None)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or profile.get("region") or "us-east-1"
    bundle = environ.get("AWS_CA_BUNDLE") or profile.get("ca_bundle")
    return S3Settings(
        region=region,
        endpoint=endpoint,
        ca_bundle=_read_bundle(bundle) if bundle else None,
        anonymous=environ.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true"),
        timeout=_read_timeout(environ),
    )


class Credentials:
    """What obstore calls for credentials. ``failure`` is why the last call gave none, since obstore keeps only text.

    ``find`` looks for another ``ask`` after the store refused what the last one gave: somebody may have renewed a file.
    """

    def __init__(
        self, ask: Callable[[], S3Credential], store: str, find: Callable[[], Callable[[], S3Credential]] | None = None
    ) -> None:
        self._ask = ask
        self._store = store
        self._find = find
        self._refused = False
        self.failure: ShelfError | None = None

    def refused(self) -> None:
        """What the last call gave was not taken, or it gave nothing; the next one looks everywhere again."""
        self._refused = self._find is not None

    @property
    def may_renew(self) -> bool:
        """Whether the next call may give what the store takes, after it refused what an earlier one gave."""
        return self._find is not None and self.failure is None

    def __call__(self) -> S3Credential:
        try:
            if self._refused and self._find is not None:
                self._ask = self._find()
                self._refused = False
            found = self._ask()
        except Exception as error:
            self.failure = translate_credentials(error, self._store)
            self.refused()
            raise ValueError("no credentials") from None  # its text must not carry botocore's
        self.failure = None
        return found

    def __repr__(self) -> str:
        return f"Credentials(store={self._store!r})"


def find_credentials(environ: Mapping[str, str], store: str, region: str) -> Credentials:
    """The credentials for ``store`` that ``environ`` names, in boto3's order; ``region`` is where roles are asked for.

    May ask a container's or the instance's credential service, for a second or two. Raises CredentialsMissing when
    there are none and CredentialsExpired when there is no such profile. What boto3 finds in other variables than those
    for profile, region, CA bundle and files, it takes from the process's environment.
    """
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        token = environ.get("AWS_SESSION_TOKEN") or None
        return Credentials(lambda: _credential(key, secret, token, None), store)

    def find() -> Callable[[], S3Credential]:
        return _ask_boto3(environ, store, region)

    return Credentials(find(), store, find)


def _ask_boto3(environ: Mapping[str, str], store: str, region: str) -> Callable[[], S3Credential]:
    import boto3
    import botocore.session

    try:
        session = botocore.session.Session()
        # Not as variables of the session: a profile that is named there hides keys and roles of the environment.
        config = session.get_component("config_store")
        config.set_config_variable("profile", _profile_name(environ))
        config.set_config_variable("region", region)  # boto3 does not know AWS_REGION
        for name, variable in (
            ("config_file", "AWS_CONFIG_FILE"),
            ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE"),
            ("ca_bundle", "AWS_CA_BUNDLE"),
        ):
            if environ.get(variable):
                config.set_config_variable(name, str(Path(environ[variable]).expanduser()))
        if environ.get("AWS_CA_BUNDLE") == "":  # is as good as none, but botocore refuses it, and once trusted anybody
            config.set_config_variable("ca_bundle", None)
        found: Any = boto3.Session(botocore_session=session).get_credentials()
    except Exception as error:
        raise translate_credentials(error, store) from None
    if found is None:
        raise CredentialsMissing(store)

    def ask() -> S3Credential:
        frozen = found.get_frozen_credentials()
        until = datetime.now(UTC) + _ASK_AGAIN
        expiry = getattr(found, "_expiry_time", None)  # botocore tells it nowhere else
        if expiry is not None:
            until = min(until, expiry.astimezone(UTC))
        return _credential(frozen.access_key, frozen.secret_key, frozen.token, until)

    return ask


def _credential(key: str, secret: str, token: str | None, expires_at: datetime | None) -> S3Credential:
    return {"access_key_id": key, "secret_access_key": secret, "token": token, "expires_at": expires_at}


def _profile_name(environ: Mapping[str, str]) -> str | None:
    return environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or None


def _read_profile(environ: Mapping[str, str]) -> dict[str, str]:
    """Region, endpoint and CA bundle of the profile in the shared files; {} when there is none.

    AWS SDKs reference, "Shared config and credentials files": the sections of the config file are [default] and
    [profile NAME], those of the credentials file are [NAME], and the latter win. "services" names a section
    [services NAME] of the config file, in which "s3" nests endpoint_url one level deeper.
    """
    name = _profile_name(environ) or "default"
    config = _read_sections(environ, "AWS_CONFIG_FILE", ".aws/config")
    profiles = {_words(title): section for title, section in config.items()}
    section = profiles.get(("profile", name)) or (config.get("default", {}) if name == "default" else {})
    section = section | _read_sections(environ, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials").get(name, {})
    found = {key: section[key] for key in _OF_A_PROFILE if section.get(key)}
    services = profiles.get(("services", found.pop("services", "")), {})
    for line in services.get("s3", "").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "endpoint_url":
            found["endpoint_url"] = value.strip()
    return found


def _read_sections(environ: Mapping[str, str], variable: str, default: str) -> dict[str, dict[str, str]]:
    """The sections of the file that ``variable`` names; {} when it cannot be read, which boto3 has words for."""
    home = environ.get("HOME") or str(Path.home())
    try:
        text = Path(environ.get(variable) or f"{home}/{default}").expanduser().read_text("utf-8")
    except (OSError, ValueError, RuntimeError):
        return {}
    import configparser  # who has keys in the environment mostly has no file

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {title: dict(parser[title]) for title in parser.sections()}


def _words(title: str) -> tuple[str, ...]:
    """The words of a section's title, which may be quoted."""
    try:
        return tuple(shlex.split(title))
    except ValueError:
        return ()


def _checked_endpoint(url: str, environ: Mapping[str, str]) -> str:
    """``url`` without a trailing slash. Plain http is for this machine, unless CLOUDSHELF_ALLOW_HTTP=1."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise UsageError("The S3 endpoint (AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL) is not an http or https URL.")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "The S3 endpoint's URL holds credentials. Leave them out; use AWS_ACCESS_KEY_ID or AWS_PROFILE."
        )
    if parts.query or parts.fragment:  # a presigned URL, for example, and messages name the endpoint
        raise UsageError(
            "The S3 endpoint's URL has a part after ? or #, which may be a secret and is of no use. Leave it out."
        )
    if parts.scheme == "http" and not _is_loopback(host) and environ.get("CLOUDSHELF_ALLOW_HTTP") != "1":
        raise UsageError(
            f"The S3 endpoint http://{host} is not encrypted, and what a shelf sends is executed. "
            "Use https, or set CLOUDSHELF_ALLOW_HTTP=1 if the network is yours."
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3


def _read_bundle(path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except (OSError, RuntimeError):  # the latter: a home that nobody has
        raise UsageError(f"The certificates of AWS_CA_BUNDLE, {path}, cannot be read.") from None


def _read_timeout(environ: Mapping[str, str]) -> float:
    text = environ.get("CLOUDSHELF_TIMEOUT", "")
    try:
        seconds = float(text) if text else _TIMEOUT
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"CLOUDSHELF_TIMEOUT is {text!r}; it is a number of seconds, up to 3600.")
    return seconds
