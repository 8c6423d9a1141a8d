"""What every role may do, request by request, on a server that evaluates the printed policies.

Rows are keys, columns roles; a letter is a kind of request that goes through, and all others are refused:

G  get, head, a range, a presigned get, the source of a copy
L  a list of what lies beside the key
C  a write where nothing is (If-None-Match)
R  a write over what was read (If-Match)
D  a delete, by itself and in a batch

A write without a condition goes through for nobody: a plain one, a presigned one, one in parts, the target of a copy.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stress import EVERYTHING, Checks

from .roles import ROOT, SCRATCH, Roles, roles

PACK, RELEASE = f"{'a' * 64}.0", "b" * 64
SEQ = f"{1:010}-{'c' * 64}"
ETAG = f'"{hashlib.md5(b"content").hexdigest()}"'  # of an object that was put in one piece
NAMES = ("reader", "curator", "careful", "collector", "indexer", "administrator", "everything", "nobody", "blind")
# fmt: off
TABLE = {
    #                                    reader curator careful collector indexer administr. everything nobody blind
    f"projects/foo/pack/{PACK}":        ("GL",  "GLC",  "GLC",  "GLCD",   "L",    "GL",      "GL",      "",     "GL"),
    f"projects/foo/manifest/{PACK}":    ("GL",  "GLC",  "GLC",  "GLCD",   "L",    "GL",      "GL",      "",     "GL"),
    f"projects/foo/release/{RELEASE}":  ("GL",  "GLC",  "GLC",  "GLCD",   "GL",   "GL",      "GL",      "",     "GL"),
    f"projects/foo/provenance/{PACK}":  ("GL",  "GLC",  "GLC",  "GLC",    "L",    "GL",      "GL",      "",     "GL"),
    "collect/1":                        ("",    "",     "",     "LCD",    "L",    "GL",      "L",       "",     ""),
    f"projects/foo/history/{SEQ}":      ("GL",  "GLC",  "GLC",  "GLC",    "GL",   "GL",      "GL",      "",     "GL"),
    f"projects/foo/index/{RELEASE}":    ("GL",  "GLC",  "GLC",  "GLC",    "GL",   "GL",      "GL",      "",     "GL"),
    "projects/foo/head":                ("GL",  "GLCR", "GLCR", "GLCR",   "GL",   "GL",      "GL",      "",     "GL"),
    # cousins, whose names begin alike, and others
    f"projects/foo-bar/pack/{PACK}":    ("",    "",     "",     "",       "L",    "GL",      "GL",      "",     ""),
    "projects/foo-bar/head":            ("",    "",     "",     "",       "GL",   "GL",      "GL",      "",     ""),
    f"projects/foobar/history/{SEQ}":   ("",    "",     "",     "",       "GL",   "GL",      "GL",      "",     ""),
    "projects/bar/head":                ("",    "",     "",     "",       "GL",   "GL",      "GL",      "",     ""),
    f"projects/bar/release/{RELEASE}":  ("",    "",     "",     "",       "GL",   "GL",      "GL",      "",     ""),
    # what is the shelf's
    "shelf.json":                       ("G",   "G",    "G",    "G",      "GL",   "GLCR",    "GL",      "",     "G"),
    "trust/_head":                      ("GL",  "GL",   "GL",   "GL",     "GL",   "GLCR",    "GL",      "",     "GL"),
    f"trust/_history/{SEQ}":            ("GL",  "GL",   "GL",   "GL",     "GL",   "GLC",     "GL",      "",     "GL"),
    f"settings/_history/{SEQ}":         ("GL",  "GL",   "GL",   "GL",     "L",    "GLC",     "GL",      "",     "GL"),
    "recall/_head":                     ("GL",  "GL",   "GL",   "GL",     "GL",   "GLCR",    "GL",      "",     "GL"),
    "catalog/projects/0":               ("GL",  "GLCR", "GL",   "GLCR",   "GLCR", "GLCR",    "GL",      "",     ""),
    "catalog/modules/00":               ("GL",  "GLCR", "GL",   "GLCR",   "GLCR", "GLCR",    "GL",      "",     ""),
    "catalog/internal":                 ("",    "GCR",  "G",    "GCR",    "GLCR", "GLCR",    "L",       "",     ""),
    "catalog/closure/foo":              ("G",   "GCR",  "G",    "GCR",    "GLCR", "GLCR",    "GL",      "",     "G"),
    "catalog/closure/foo-bar":          ("",    "",     "",     "",       "GLCR", "GLCR",    "GL",      "",     ""),
    "catalog/locks":                    ("G",   "GCR",  "",     "",       "GLCR", "GLCR",    "GL",      "",     ""),
    # named locks: team/, not teams/
    "locks/team/_head":                 ("GL",  "GLCR", "",     "",       "GL",   "GL",      "GL",      "",     ""),
    "locks/team/2026/_head":            ("GL",  "GLCR", "",     "",       "GL",   "GL",      "GL",      "",     ""),
    f"locks/team/2026/_history/{SEQ}":  ("GL",  "GLC",  "",     "",       "L",    "GL",      "GL",      "",     ""),
    f"locks/team/_content/{RELEASE}":   ("GL",  "GLC",  "",     "",       "L",    "GL",      "GL",      "",     ""),
    "locks/teams/_head":                ("",    "",     "",     "",       "GL",   "GL",      "GL",      "",     ""),
    # reports, and what is beside the shelf in the same bucket
    "usage/2026-11-26/1":               ("C",   "",     "",     "",       "L",    "GL",      "L",       "",     ""),
    "../elsewhere/head":                ("",    "",     "",     "",       "",     "",        "",        "",     ""),
    f"../{ROOT}-too/shelf.json":        ("",    "",     "",     "",       "",     "",        "",        "",     ""),
}
# fmt: on


@pytest.fixture(scope="module")
def running() -> Iterator[Roles]:
    with roles() as started:
        owner = started.client()
        for key in TABLE:
            owner.put_object(Bucket="shelf", Key=path_of(key), Body=b"content", IfNoneMatch="*")
        yield started


def path_of(key: str) -> str:
    return key.removeprefix("../") if key.startswith("../") else f"{ROOT}/{key}"


def outcome(request: Callable[[], Any]) -> str:
    """ "done", "refused" for want of a grant, or "conflict": granted, but the condition did not hold."""
    try:
        answer = request()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    except urllib.error.HTTPError as error:
        status = error.code
    else:
        return "refused" if isinstance(answer, dict) and answer.get("Errors") else "done"
    assert status in (403, 412), status
    return "refused" if status == 403 else "conflict"


def open_url(method: str, url: str, data: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


Requests = dict[str, Callable[[], Any]]


def reads(client: Any, path: str, role: str) -> Requests:
    at = {"Bucket": "shelf", "Key": path}
    return {
        "get": lambda: client.get_object(**at),
        "head": lambda: client.head_object(**at),
        "range": lambda: client.get_object(**at, Range="bytes=1-3"),
        "presigned get": lambda: open_url("GET", client.generate_presigned_url("get_object", Params=at)),
        "source of a copy": lambda: client.copy_object(
            Bucket="shelf", Key=f"{SCRATCH}/{role}", CopySource=f"shelf/{path}"
        ),
    }


def lists(client: Any, path: str) -> Requests:
    folder = path.rpartition("/")[0] + "/"
    return {
        "list": lambda: client.list_objects_v2(Bucket="shelf", Prefix=folder),
        "list, the old way": lambda: client.list_objects(Bucket="shelf", Prefix=folder),
    }


def unconditional(client: Any, path: str) -> Requests:
    at = {"Bucket": "shelf", "Key": path}
    new = at | {"Key": f"{path}-new"}
    return {
        "put over": lambda: client.put_object(**at, Body=b"content"),
        "put new": lambda: client.put_object(**new, Body=b"content"),
        "presigned put": lambda: open_url("PUT", client.generate_presigned_url("put_object", Params=at), b"content"),
        "in parts": lambda: client.create_multipart_upload(**at),
        "target of a copy": lambda: client.copy_object(**at, CopySource=f"shelf/{SCRATCH}/readable"),
    }


def deletes(client: Any, path: str) -> Requests:
    return {
        "delete": lambda: client.delete_object(Bucket="shelf", Key=path),
        "batch": lambda: client.delete_objects(Bucket="shelf", Delete={"Objects": [{"Key": path}]}),
        "batch with another's": lambda: client.delete_objects(
            Bucket="shelf", Delete={"Objects": [{"Key": path}, {"Key": path}]}
        ),
    }


def some(requests: Requests, turn: int) -> Requests:
    """All of a kind in ``make stress``; in ``make test`` one, in turn."""
    names = list(requests)
    chosen = names if EVERYTHING else [names[turn % len(names)]]
    return {name: requests[name] for name in chosen}


@pytest.mark.stress
@pytest.mark.parametrize("role", NAMES)
def test_each_request_goes_through_where_the_table_says_so_and_nowhere_else(
    running: Roles, role: str, checks: Checks
) -> None:
    client, owner = running.client(role), running.client()
    wrong: list[str] = []
    for turn, (key, row) in enumerate(TABLE.items(), NAMES.index(role)):
        granted, path = row[NAMES.index(role)], path_of(key)
        at = {"Bucket": "shelf", "Key": path, "Body": b"content"}
        cases: list[tuple[str, str, Requests]] = [
            ("G", "done", some(reads(client, path, role), turn)),
            ("L", "done", some(lists(client, path), turn)),
            ("never", "done", some(unconditional(client, path), turn)),
            ("C", "conflict", {"create": lambda a=at: client.put_object(**a, IfNoneMatch="*")}),
            ("R", "done", {"replace": lambda a=at: client.put_object(**a, IfMatch=ETAG)}),
            ("R", "conflict", {"replace another": lambda a=at: client.put_object(**a, IfMatch='"0"')}),
            ("D", "done", some(deletes(client, path), turn)),
        ]
        for letter, outcome_of_granted, requests in cases:
            for name, request in requests.items():
                found, wanted = outcome(request), outcome_of_granted if letter in granted else "refused"
                if found != wanted:
                    wrong.append(f"{role}: {name} {key} was {found}, not {wanted}")
                checks.add()
                if letter == "D" and (EVERYTHING or wanted == "done"):
                    left = outcome(lambda a=at: owner.put_object(**a, IfNoneMatch="*"))
                    assert left == ("done" if wanted == "done" else "conflict"), (role, key)
    assert wrong == []


@pytest.mark.parametrize("role", NAMES)
def test_nobody_lists_names_but_who_may_read_all(running: Roles, role: str) -> None:
    client = running.client(role)
    sees_all = role in ("indexer", "administrator", "everything")
    for prefix in ("", ROOT, f"{ROOT}/", f"{ROOT}/projects", f"{ROOT}/projects/", f"{ROOT}/projects/foo",
                   f"{ROOT}/projects/f", f"{ROOT}/locks/", f"{ROOT}/locks/team", f"{ROOT}/catalog/",
                   f"{ROOT}/catalog/closure/", f"{ROOT}/catalog/closure/foo"):  # fmt: skip
        expected = "done" if sees_all and prefix.startswith(f"{ROOT}/") else "refused"
        for more in ({}, {"Delimiter": "/"}, {"MaxKeys": 1}):
            assert outcome(lambda p=prefix, m=more: client.list_objects_v2(Bucket="shelf", Prefix=p, **m)) == expected


@pytest.mark.parametrize("role", NAMES)
def test_nobody_changes_the_bucket_itself(running: Roles, role: str) -> None:
    client = running.client(role)
    path = f"{ROOT}/projects/foo/head"
    attempts: Requests = {
        "policy": lambda: client.get_bucket_policy(Bucket="shelf"),
        "no policy": lambda: client.delete_bucket_policy(Bucket="shelf"),
        "versions": lambda: client.list_object_versions(Bucket="shelf", Prefix=f"{ROOT}/projects/foo/"),
        "acl": lambda: client.put_object_acl(Bucket="shelf", Key=path, ACL="public-read"),
        "tags": lambda: client.put_object_tagging(Bucket="shelf", Key=path, Tagging={"TagSet": []}),
    }
    assert {name: outcome(request) for name, request in attempts.items()} == dict.fromkeys(attempts, "refused")


def test_who_shows_no_keys_is_refused(running: Roles) -> None:
    for key in ("shelf.json", "projects/foo/head", "catalog/projects/0"):
        url = f"{running.proxy.endpoint}/shelf/{path_of(key)}"
        assert outcome(lambda u=url: open_url("GET", u)) == "refused"
        assert outcome(lambda u=url: open_url("PUT", u, b"x")) == "refused"


def test_a_presigned_write_carries_its_condition(running: Roles) -> None:
    client = running.client("curator")
    at = {"Bucket": "shelf", "Key": f"{ROOT}/projects/foo/pack/{'d' * 64}.0"}
    url = client.generate_presigned_url("put_object", Params=at | {"IfNoneMatch": "*"})
    assert outcome(lambda: open_url("PUT", url, b"content")) == "refused"
    assert outcome(lambda: open_url("PUT", url, b"content", **{"If-None-Match": "*"})) == "done"
    assert outcome(lambda: open_url("PUT", url, b"content", **{"If-None-Match": "*"})) == "conflict"


def test_the_owner_of_the_bucket_is_bound_by_its_policy_too(running: Roles) -> None:
    owner, path = running.client(), f"{ROOT}/projects/foo/pack/{PACK}"
    requests = unconditional(owner, path) | {"delete": deletes(owner, path)["delete"]}  # SeaweedFS spares its batches
    assert {name: outcome(request) for name, request in requests.items()} == dict.fromkeys(requests, "refused")
    assert outcome(lambda: owner.put_object(Bucket="shelf", Key=f"{path}1", Body=b"x", IfNoneMatch="*")) == "done"


def test_without_tls_nothing_is_answered() -> None:
    """The server itself speaks http, so its policy refuses everybody."""
    with roles(tls_only=True) as started:
        for role in NAMES:
            assert (
                outcome(lambda r=role: started.client(r).get_object(Bucket="shelf", Key=f"{ROOT}/shelf.json"))
                == "refused"
            )
            assert (
                outcome(lambda r=role: started.client(r).list_objects_v2(Bucket="shelf", Prefix=f"{ROOT}/"))
                == "refused"
            )
