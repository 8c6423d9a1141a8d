"""What ``cloudshelf policy`` prints: for whom, for what, and nothing besides."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from cloudshelf.errors import NoShelf, SeveralShelves, UsageError
from cloudshelf.policies.scope import partition_of
from cloudshelf.verbs import serve

SHELF = "s3://our-shelf/curated"


def policy(role: str, *projects: str, shelf: str = SHELF, **args: Any) -> Any:
    told = serve("policy", {"shelf": shelf, "role": role, "projects": projects, **args}, lambda event: None)
    return told["policy"]


def resources(document: Any) -> list[str]:
    return [resource for statement in document["Statement"] for resource in statement["Resource"]]


def prefixes(document: Any) -> list[str]:
    return [p for s in document["Statement"] for p in s.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ())]


@pytest.mark.parametrize("role", ["reader", "curator", "collector"])
def test_every_mention_of_a_project_ends_where_its_name_does(role: str) -> None:
    """projects/foo/… is not projects/foo-bar/…, in what may be read as in what may be listed."""
    document = policy(role, "Foo.Bar_baz")
    named = [r for r in [*resources(document), *prefixes(document)] if "foo-bar-baz" in r]
    assert named and all(re.search(r"projects/foo-bar-baz/|catalog/closure/foo-bar-baz$", r) for r in named)
    assert not any("closure" in prefix for prefix in prefixes(document))  # foo-bar-baz-2 would be listed


@pytest.mark.parametrize("role", ["reader", "curator", "collector", "indexer", "administrator", "bucket"])
def test_nothing_outside_of_the_shelf_is_granted(role: str) -> None:
    document = policy(role, *(["foo"] if role in ("reader", "curator", "collector") else []))
    bucket = "arn:aws:s3:::our-shelf"
    for statement in document["Statement"]:
        inside = all(resource.startswith(f"{bucket}/curated/") for resource in statement["Resource"])
        listing = statement["Resource"] == [bucket] and all(p.startswith("curated/") for p in prefixes(document))
        assert statement["Effect"] == "Deny" or inside or (listing and statement["Action"] == "s3:ListBucket")
        assert statement["Effect"] == "Deny" or statement["Action"] != "s3:*"


def test_every_write_that_is_granted_has_a_condition() -> None:
    for role in ("curator", "collector", "indexer", "administrator", "reader"):
        wanted = ["foo"] if role in ("reader", "curator", "collector") else []
        for statement in policy(role, *wanted, reports="usage")["Statement"]:
            if statement["Action"] == "s3:PutObject":
                assert list(statement["Condition"]["Null"].values()) == ["false"], (role, statement)


def test_only_a_collector_deletes_and_only_what_is_collected() -> None:
    deleting = [
        (role, resource)
        for role in ("reader", "curator", "collector", "indexer", "administrator")
        for s in policy(role, *(["foo"] if role in ("reader", "curator", "collector") else []))["Statement"]
        for resource in s["Resource"]
        if "Delete" in s["Action"]
    ]
    place = "arn:aws:s3:::our-shelf/curated/projects/foo"
    own = ("collector", "arn:aws:s3:::our-shelf/curated/collect/*")
    assert deleting == [own, *(("collector", f"{place}/{kind}/*") for kind in ("manifest", "pack", "release"))]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_other_partitions_are_those_of_their_regions(
    region: str, partition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert partition_of(region) == partition
    monkeypatch.setenv("AWS_REGION", region)
    assert all(r.startswith(f"arn:{partition}:s3:::our-shelf") for r in resources(policy("reader", "foo")))
    assert all(r.startswith("arn:aws-cn:") for r in resources(policy("bucket", partition="aws-cn")))


def test_a_shelf_that_is_a_whole_bucket_has_no_prefix() -> None:
    document = policy("reader", "foo", shelf="s3://our-shelf")
    assert "arn:aws:s3:::our-shelf/projects/foo/*" in resources(document) and "projects/foo/*" in prefixes(document)
    assert prefixes(policy("reader", shelf="s3://our-shelf", all=True)) == ["*"]


def test_reports_may_go_to_another_bucket() -> None:
    (place,) = [
        s["Resource"]
        for s in policy("reader", "foo", reports="s3://our-reports/x")["Statement"]
        if s["Sid"] == "Report"
    ]
    assert place == ["arn:aws:s3:::our-reports/x/*"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            {"role": "reader"},
            "For which projects? policy reader PROJECT …, or for the whole shelf: policy reader --all",
        ),
        ({"role": "reader", "projects": ["a"], "all": True}, "projects or --all, not both"),
        ({"role": "bucket", "projects": ["a"]}, "is for the whole shelf"),
        ({"role": "indexer", "all": True}, "is for the whole shelf"),
        ({"role": "reader", "projects": ["a"], "collector": ["arn:x"]}, "belongs to the bucket's policy"),
        ({"role": "reader", "projects": ["a*"]}, "'a*' is not the name of a project"),
        ({"role": "reader", "projects": ["../b"]}, "is not the name of a project"),
        ({"role": "reader", "projects": ["a==1"]}, "for all its versions"),
        ({"role": "reader", "projects": ["a"], "locks": ["te*m/"]}, "is no place of named locks"),
        ({"role": "reader", "projects": ["a"], "reports": "projects"}, "is no place for usage reports"),
        ({"role": "reader", "projects": ["a"], "reports": "file:///x"}, "go to a bucket"),
        ({"role": "reader", "projects": ["a"], "shelf": "file:///x"}, "is not in a bucket"),
        ({"role": "reader", "projects": ["a"], "shelf": "s3://a-b-s3alias/x"}, "is the alias of an access point"),
    ],
)
def test_what_cannot_be_a_policy_is_said(args: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        serve("policy", {"shelf": SHELF, **args}, lambda event: None)


def test_one_shelf_has_one_policy() -> None:
    with pytest.raises(NoShelf):
        serve("policy", {"role": "bucket"}, lambda event: None)
    with pytest.raises(SeveralShelves):
        serve("policy", {"role": "bucket", "shelf": "s3://aaa,s3://bbb"}, lambda event: None)


def test_what_is_too_long_for_amazon_is_said() -> None:
    names = [f"project-{number}" for number in range(100)]
    told = serve("policy", {"shelf": SHELF, "role": "reader", "projects": names}, lambda event: None)
    assert "and Amazon takes 6144: make several" in told["notes"][-1]
    told = serve("policy", {"shelf": SHELF, "role": "bucket"}, lambda event: None)
    assert not any("Amazon takes" in note for note in told["notes"])


def test_the_command_prints_json_and_explains_beside_it() -> None:
    command = [sys.executable, "-m", "cloudshelf", "policy", "--shelf", SHELF]
    ran = subprocess.run([*command, "curator", "foo"], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == policy("curator", "foo")
    assert "cloudshelf: Attach it: aws iam put-role-policy" in ran.stderr and "trust that is wider" in ran.stderr
    ran = subprocess.run([*command, "bucket", "--json"], capture_output=True, text=True, check=True)
    told = json.loads(ran.stdout)
    assert told["policy"] == policy("bucket") and any("put-public-access-block" in note for note in told["notes"])
    assert ran.stderr == ""
