"""The one place that knows what obstore's and botocore's errors look like, and turns them into ours.

obstore raises a few classes and says the rest in text: the HTTP status, the body with S3's error code (Amazon S3 API
reference, "Error responses"), or the Rust transport's error. Facts are picked from that text by pattern; the text
itself never goes into our errors, because S3 repeats access keys and signatures in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import (
    AccessDenied,
    BucketMissing,
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
_REGION = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")
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
_CLOCK = "the clock of this machine is wrong by more than 15 minutes (RequestTimeTooSkewed); set it"
_RANGES = (
    ("source: NotPartial", "the store sent the whole object in place of a range"),
    ("source: UnexpectedRange", "the store sent another range"),
    ("ContentRange", "the store sent a range that it does not describe"),
)
_CAUSES = (
    ("dns error", "its name cannot be resolved"),
    ("ConnectionRefused", "the connection was refused"),
    ("NetworkUnreachable", "there is no network"),
    ("HostUnreachable", "there is no route to it"),
    ("certificate", "its certificate is not trusted (set AWS_CA_BUNDLE)"),
    ("ConnectionReset", "the connection was reset"),
    ("IncompleteMessage", "the connection was closed in the middle"),
    ("UnexpectedEof", "the connection was closed in the middle"),
    ("unexpected EOF", "the connection was closed in the middle"),
    ("end of file before message length", "the connection was closed in the middle"),
    ("TimedOut", "it did not answer in time"),
    ("timed out", "it did not answer in time"),
    ("kind: Timeout", "it did not answer in time"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an obstore error tells: ``status`` 0 when no answer came, ``code`` "" when the answer had none."""

    status: int
    code: str
    text: str

    @property
    def cause(self) -> str:
        """A few words for a person."""
        if self.code == "RequestTimeTooSkewed":
            return _CLOCK
        if self.code in _ELSEWHERE or self.status == 301:
            region = _REGION.search(self.text)
            return f"the bucket is in another region{f' ({region[1]})' if region else ''}; set AWS_REGION"
        if self.status:
            return f"it answered {self.status}{f' {self.code}' if self.code else ''}"
        return next((words for pattern, words in _CAUSES if pattern in self.text), "the connection failed")

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
    if failure.code not in _ELSEWHERE | {"RequestTimeTooSkewed"} and failure.status in (401, 403):
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
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return CredentialsMissing(store)
    if name == "ProfileNotFound":
        return CredentialsExpired(store, "the AWS profile that was asked for is not in the configuration")
    if name in (
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "PendingAuthorizationExpiredError",
    ):
        return CredentialsExpired(store, "the SSO session has ended")
    response = getattr(error, "response", None)
    code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    if code:
        return CredentialsExpired(store, _NOT_VALID.get(code, "they could not be renewed"))
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"):
        return StoreUnreachable(store, "the service that renews credentials did not answer")
    return CredentialsExpired(store, f"they could not be renewed ({name})")
