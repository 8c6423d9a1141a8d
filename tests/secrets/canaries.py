"""Secrets that cannot be mistaken for anything else, planted wherever people keep theirs; and where to look for them.

A canary has a name, so that a leak says where it came from. It is looked for as text and in the encodings that
programs use: a part of a URL, base64, JSON.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

MARK = "cAnArY"  # in each of them; no base64 and no name of ours has it


def canary(name: str) -> str:
    """The secret that is planted under ``name``; with characters that URLs and JSON write differently."""
    return f"{MARK}/{name}+x"


_FORMS = {form for text in (MARK,) for form in (text, quote(text, safe=""), json.dumps(text)[1:-1])} | {
    # in the middle of something that is encoded in base64, at each of its three places
    base64.b64encode(b"\0" * shift + MARK.encode())[4 if shift else 0 : -4].decode()
    for shift in range(3)
}


def leaks(text: str | bytes) -> list[str]:
    """What surrounds each canary in ``text``."""
    plain = text.decode("latin-1") if isinstance(text, bytes) else text
    found = []
    for form in _FORMS:
        at = plain.find(form)
        while at >= 0:
            found.append(plain[max(0, at - 60) : at + 60])
            at = plain.find(form, at + len(form))
    return found


def leaks_below(folder: Path, *, but: Iterable[Path] = ()) -> list[str]:
    """Files below ``folder`` that hold a canary, those in ``but`` left out, and which; names of files count, too."""
    left_out = set(but)
    found = []
    for file in sorted(folder.rglob("*")):
        if file in left_out or left_out & set(file.parents):
            continue
        found += [f"{file}: its name: {each}" for each in leaks(str(file.relative_to(folder)))]
        if file.is_file() and not file.is_symlink():
            found += [f"{file}: {each}" for each in leaks(file.read_bytes())]
    return found


def plant(home: Path) -> dict[str, str]:
    """Write the files of somebody who keeps secrets in all usual places; the variables that they set."""
    aws = home / ".aws"
    aws.mkdir(parents=True, exist_ok=True)
    (aws / "credentials").write_text(
        f"[default]\naws_access_key_id = AKID{MARK}DEFAULT\naws_secret_access_key = {canary('file')}\n\n"
        f"[broken]\naws_access_key_id = AKIDBROKEN\naws_secret_access_key = {canary('broken')}\n"
        f"aws_session_token = {canary('broken-token')}\n"
    )
    (aws / "config").write_text(
        "[default]\nregion = us-east-1\n\n"
        f"[profile program]\ncredential_process = sh -c 'echo {canary('said')} >&2; exit 1' {canary('word')}\n\n"
        f"[profile nothing]\ncredential_process = echo {canary('printed')}\n\n"
        f"[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = gone\n"
        f"external_id = {canary('id')}\n"
    )
    (home / ".netrc").write_text(f"machine 127.0.0.1 login ann password {canary('netrc')}\n")
    (home / ".netrc").chmod(0o600)
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials"),
        "AWS_CONFIG_FILE": str(aws / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": f"http://ann:{_part('proxy')}@127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
        "PIP_INDEX_URL": f"http://ann:{_part('index')}@127.0.0.1:9/simple?key={_part('query')}",
        "PIP_EXTRA_INDEX_URL": f"http://{_part('token-as-user')}@127.0.0.1:9/more",
        "DATABASE_PASSWORD": canary("variable"),
        "GITHUB_TOKEN": canary("another"),
    }


def _part(name: str) -> str:
    """The canary as a part of a URL."""
    return quote(canary(name), safe="")


def keys(name: str = "environment") -> dict[str, str]:
    """Credentials in the environment that no server knows."""
    return {
        "AWS_ACCESS_KEY_ID": f"AKID{MARK}{name.upper()}",
        "AWS_SECRET_ACCESS_KEY": canary(name),
        "AWS_SESSION_TOKEN": canary(f"{name}-token"),
        "AWS_REGION": "us-east-1",
    }


def of_people(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """This process's environment, without what it says of shelves, AWS, Jupyter and proxies."""
    gone = ("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH", "JUPYTER", "IPYTHON", "PIP_", "HTTP", "NO_PROXY")
    return {name: value for name, value in environ.items() if not name.upper().startswith(gone)}
