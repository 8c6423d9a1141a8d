"""Which endpoints a shelf on S3 needs, for ``doctor``: S3, and who gives the credentials (STS, SSO, a container's)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ..errors import ShelfError
from ..stores.credentials import find_credentials, read_settings
from ..stores.reachability import probe
from ..urls import split_urls

Check = tuple[str, Callable[[], str]]


def endpoint_checks(shelf: str | None, environ: Mapping[str, str] | None = None) -> list[Check]:
    """What to look at for ``shelf`` (one URL or several); nothing for folders."""
    environ = os.environ if environ is None else environ
    buckets = [url for url in split_urls(shelf or "") if url.startswith("s3://")]
    if not buckets:
        return []
    checks: list[Check] = [(f"S3 endpoint{_of(url, buckets)}", partial(_reach_s3, url, environ)) for url in buckets]
    try:
        anonymous = read_settings(environ).anonymous
    except ShelfError:
        return checks  # the first of them says it
    if anonymous:
        return checks
    checks += [(name, partial(_reach, url, setting, environ)) for name, url, setting in credential_endpoints(environ)]
    return [*checks, ("credentials", partial(_find_credentials, buckets[0], environ))]


def credential_endpoints(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Who is asked for credentials: (name, URL, the setting that says so). Nobody where keys are in the environment."""
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return []
    import botocore.exceptions
    import botocore.session

    try:
        session = botocore.session.Session(profile=environ.get("AWS_PROFILE") or None)
        profiles = session.full_config.get("profiles", {})
        name = session.get_config_variable("profile") or "default"
        chain, seen = [dict(profiles.get(name, {}))], {name}
        while (source := chain[-1].get("source_profile")) and source not in seen:
            seen.add(source)
            chain.append(dict(profiles.get(source, {})))
        return _named(session, chain, environ)
    except (botocore.exceptions.BotoCoreError, OSError, ValueError):
        return []  # the check of the credentials says what is wrong


def _named(session: Any, chain: list[dict[str, Any]], environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = []
    region = read_settings(environ).region
    by_token = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environ.get("AWS_ROLE_ARN")
    if by_token or any("role_arn" in profile for profile in chain):
        setting = "AWS_ENDPOINT_URL_STS" if environ.get("AWS_ENDPOINT_URL_STS") else "AWS_REGION"
        found.append(("STS endpoint", _service(session, "sts", region), setting))
    for profile in chain:
        if "sso_session" in profile or "sso_start_url" in profile:
            sso = session.full_config.get("sso_sessions", {}).get(profile.get("sso_session"), {}) or profile
            found.append(("SSO endpoint", _service(session, "sso", sso.get("sso_region") or region), "sso_region"))
    full, relative = (environ.get(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI") for kind in ("FULL", "RELATIVE"))
    if full or relative:
        found.append(("container's credentials", full or "http://169.254.170.2", "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
    return found


def _service(session: Any, service: str, region: str) -> str:
    """The URL that botocore asks; no request is made."""
    client = session.create_client(service, region_name=region, aws_access_key_id="none", aws_secret_access_key="none")
    return str(client.meta.endpoint_url)


def _reach_s3(url: str, environ: Mapping[str, str]) -> str:
    from ..stores.object_store import address_of

    settings = read_settings(environ)
    endpoint, _ = address_of(settings, urlsplit(url).netloc)
    setting = "AWS_ENDPOINT_URL_S3" if settings.endpoint else f"AWS_REGION ({settings.region})"
    return probe(endpoint, setting=setting, environ=environ, ca_bundle=settings.ca_bundle)


def _reach(url: str, setting: str, environ: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    return probe(
        f"{parts.scheme}://{parts.netloc}",
        setting=setting,
        environ=environ,
        ca_bundle=read_settings(environ).ca_bundle,
    )


def _find_credentials(url: str, environ: Mapping[str, str]) -> str:
    credentials = find_credentials(environ, url, read_settings(environ).region)
    try:
        credentials()
    except ValueError:
        raise credentials.failure or ShelfError("They could not be had.") from None
    keys = environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY")
    return "keys of the environment" if keys else "found"


def _of(url: str, buckets: list[str]) -> str:
    return f" of {url}" if len(buckets) > 1 else ""
