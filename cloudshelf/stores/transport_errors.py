"""The one place that knows what obstore's and botocore's errors look like, and turns them into ours.

obstore raises a few classes and says the rest in text: the HTTP status, the body with S3's error code (Amazon S3 API
reference, "Error responses"), or the Rust transport's error. Facts are picked from that text by pattern; the text
itself never goes into our errors, because S3 repeats access keys and signatures in it.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import NamedTuple

from ..errors import (
    AccessDenied,
    BucketMissing,
    ClockWrong,
    Conflict,
    CredentialsExpired,
    CredentialsMissing,
    ObjectInvalid,
    ObjectMissing,
    OutcomeUnknown,
    ShelfError,
    StoreUnreachable,
)

_STATUS = re.compile(r"status code: (\d{3})|status: (\d{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")
_PLAIN = re.compile(r"[A-Za-z0-9.]{1,64}")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")
_SERVER_TIME = re.compile(r"<ServerTime>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z</ServerTime>")
_KIND = re.compile(r"HttpError \{\s*kind: (\w+)")

_NOT_VALID = {
    "ExpiredToken": "the session token has expired",
    "ExpiredTokenException": "the session token has expired",
    "TokenRefreshRequired": "the session token has to be renewed",
    "RequestExpired": "the signature has expired",
    "InvalidAccessKeyId": "the access key is not known",
    "InvalidClientTokenId": "the access key is not known",
    "UnrecognizedClientException": "the access key is not known",
    "InvalidToken": "the session token is not valid",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "InvalidSecurity": "they were refused",
    "NotSignedUp": "the account is not signed up for S3",
}
_ELSEWHERE = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_NOT_DONE = {"SlowDown", "ServiceUnavailable", "RequestTimeTooSkewed"}  # S3 says so before it does anything
_NO_ANSWER = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}
_SSO_ENDED = {
    "UnauthorizedSSOTokenError",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "PendingAuthorizationExpiredError",
}
_PROVIDERS = {  # by botocore's names
    "container-role": "the credential service of the container",
    "custom-process": "the credential_process of the AWS profile",
}
_NOT_RENEWED = {
    "ProfileNotFound": "the AWS profile that was asked for is not in the configuration",
    "InvalidConfigError": "the AWS profile is not valid, or names another that is not",
    "InfiniteLoopConfigError": "the AWS profile is its own source_profile",
    "ConfigParseError": "the AWS configuration file cannot be parsed",
    "FileNotFoundError": "a file that the AWS settings name is not there",
    "PermissionError": "a file that the AWS settings name may not be read",
    "RuntimeError": "what was renewed has expired already; check the clock of this machine",
    "EOFError": "the AWS profile wants an MFA code (mfa_serial), and nobody can type it here",
    "RefreshWithMFAUnsupportedError": "the AWS profile wants a new MFA code (mfa_serial), and nobody can type it here",
}
_RANGES = (
    ("source: NotPartial", "the store sent the whole object in place of a range"),
    ("source: UnexpectedRange", "the store sent another range"),
    ("ContentRange", "the store sent a range that it does not describe"),
)
_UNTRUSTED = "is not trusted; set AWS_CA_BUNDLE to a file with the certificate of its authority"
_CAUSES = (
    ("dns error", "its name cannot be resolved"),
    ("ConnectionRefused", "the connection was refused"),
    ("NetworkUnreachable", "there is no network"),
    ("HostUnreachable", "there is no route to it"),
    ("UnknownIssuer", f"its certificate {_UNTRUSTED}"),
    ("CaUsedAsEndEntity", "its certificate is an authority's own, which no server may show; give it one of its own"),
    ("NotValidForName", "its certificate is for another name; check the endpoint"),
    ("ExpiredContext", "its certificate has expired"),
    ("NotValidYetContext", "its certificate is not valid yet; check the clock of this machine"),
    ("InvalidCertificate", "its certificate is not valid"),
    ("InvalidContentType", "it does not speak https; check the endpoint"),
    ("TunnelUnsuccessful", "the proxy of HTTPS_PROXY did not lead to it"),
    ("ProxyAuthRequired", "the proxy of HTTPS_PROXY asks for a password"),
    ("ConnectionReset", "the connection was reset"),
    ("IncompleteMessage", "the connection was closed in the middle"),
    ("UnexpectedEof", "the connection was closed in the middle"),
    ("unexpected EOF", "the connection was closed in the middle"),
    ("end of file before message length", "the connection was closed in the middle"),
    ("TimedOut", "it did not answer in time"),
    ("timed out", "it did not answer in time"),
    ("kind: Timeout", "it did not answer in time"),
)


class Failure(NamedTuple):  # every start makes this class: no dataclass, see model.py
    """What an obstore error tells: ``status`` 0 when no answer came, ``code`` "" when the answer had none."""

    status: int
    code: str
    text: str

    @property
    def cause(self) -> str:
        """A few words for a person."""
        if self.code in _ELSEWHERE or self.status == 301:
            region = _REGION.search(self.text)
            return f"the bucket is in another region{f' ({region[1]})' if region else ''}; set AWS_REGION"
        if self.status:
            return f"it answered {self.status}{f' {self.code}' if self.code else ''}"
        return next((words for pattern, words in _CAUSES if pattern in self.text), "the connection failed")

    @property
    def ahead(self) -> float | None:
        """Seconds that this machine's clock is ahead of S3's, where an answer to a signature has S3's time."""
        found = _SERVER_TIME.search(self.text)
        return time.time() - datetime.fromisoformat(f"{found[1]}+00:00").timestamp() if found else None

    @property
    def sent(self) -> bool:
        """Whether the request may have been carried out although no success was reported."""
        if self.status:
            return self.status >= 500 and self.code not in _NOT_DONE
        kind = _KIND.search(self.text)
        return not (kind and kind[1] == "Connect")


def read_failure(error: BaseException) -> Failure:
    """The facts in an error of obstore."""
    text = str(error)
    status = _STATUS.search(text)
    code = _CODE.search(text)
    if "BareRedirect" in text:  # S3 names no Location when a bucket is in another region
        return Failure(301, "", text)
    return Failure(int(status[1] or status[2]) if status else 0, code[1] if code else "", text)


def translate(error: BaseException, key: str, store: str) -> ShelfError:
    """Our error for what obstore raised when ``key`` was read, listed or deleted in ``store``."""
    failure = read_failure(error)
    if failure.code == "NoSuchBucket":
        return BucketMissing(store)
    if failure.status == 404 or isinstance(error, FileNotFoundError):
        return ObjectMissing(key, store)
    if failure.status == 416:
        return ObjectInvalid(key, "it ends before the range that was asked for")
    if failure.code in _NOT_VALID:
        return CredentialsExpired(store, _NOT_VALID[failure.code])
    if failure.code == "RequestTimeTooSkewed":
        return ClockWrong(store, failure.ahead)
    if failure.code not in _ELSEWHERE and failure.status in (401, 403):
        return AccessDenied(key, store)
    if not failure.status:
        for pattern, words in _RANGES:
            if pattern in failure.text:
                return ObjectInvalid(key, words)
    return StoreUnreachable(store, failure.cause)


def translate_write(error: BaseException, key: str, store: str, *, replacing: bool) -> ShelfError:
    """Our error for a conditional write of ``key`` that obstore did not report as done."""
    failure = read_failure(error)
    if failure.status in (409, 412):
        return Conflict(key)
    if replacing and failure.status == 404 and failure.code != "NoSuchBucket":
        return Conflict(key)  # S3 answers NoSuchKey to If-Match when the object is gone
    if failure.sent:
        return OutcomeUnknown(key, failure.cause)
    return translate(error, key, store)


def translate_credentials(error: BaseException, store: str) -> ShelfError:
    """Our error for what botocore raised when it looked for, or renewed, credentials for ``store``."""
    name = type(error).__name__
    if isinstance(error, ShelfError):
        return error
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        return CredentialsMissing(store)
    if name == "CredentialRetrievalError":
        provider = getattr(error, "kwargs", {}).get("provider", "")
        return CredentialsExpired(store, f"{_PROVIDERS.get(provider, 'their service')} gave none")
    if name in _SSO_ENDED:
        return CredentialsExpired(store, "the SSO session has ended")
    response = getattr(error, "response", None)
    code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    if code:
        said = f" ({code})" if _PLAIN.fullmatch(code) else ""
        return CredentialsExpired(store, _NOT_VALID.get(code, f"they could not be renewed{said}"))
    if name == "SSLError":
        return StoreUnreachable(store, f"the certificate of the service that renews credentials {_UNTRUSTED}")
    if name == "ProxyConnectionError":
        return StoreUnreachable(store, "the proxy of HTTPS_PROXY did not lead to the service that renews credentials")
    if name in _NO_ANSWER:
        return StoreUnreachable(store, "the service that renews credentials did not answer")
    return CredentialsExpired(store, _NOT_RENEWED.get(name, f"they could not be renewed ({name})"))
