"""What is used, and how much: from reports that anybody may have written, and from S3's own access logs."""

import json

import pytest

from cloudshelf.chains.commit import init_shelf
from cloudshelf.codecs.access_log import parse_access
from cloudshelf.codecs.envelope import format_object
from cloudshelf.codecs.usage import Count, Report, format_report, parse_report, report_key
from cloudshelf.errors import ObjectInvalid, UsageError
from cloudshelf.repository import Repository
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.usage import project_sizes, read_logs, read_reports, sum_usage
from cloudshelf.usage_place import usage_place

from .shelves import publish

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


class Bucket(MemoryStore):
    """A store that says it is a prefix of a bucket."""

    url = "s3://our-bucket/team/curated"


@pytest.fixture
def store():
    """one 1.0 and 2.0; two 1.0."""
    made = Bucket()
    init_shelf(made, "ours")
    for project, version in (("one", "1.0"), ("one", "2.0"), ("two", "1.0")):
        publish(made, project, version)
    return made


def put(store, day, number, counts):
    store.put_new(report_key(day, f"{number:032x}"), format_report(Report(day, counts)))


def summed(store, tally, *projects):
    return {row.project: row for row in sum_usage(Repository(store), project_sizes(store), tally, projects)}


def test_reports_of_several_days_are_summed_and_versions_that_nobody_had_are_named(store):
    place = MemoryStore()
    put(place, "2026-11-01", 1, {("one", "1.0"): Count(1, 2, 300), ("two", "1.0"): Count(1, 0, 0)})
    put(place, "2026-11-02", 2, {("one", "1.0"): Count(2, 1, 50)})
    put(place, "2026-10-01", 3, {("one", "2.0"): Count(1, 1, 1)})  # before
    rows = summed(store, read_reports(place, "2026-11-01"))
    one = rows["one"]
    assert (one.environments, one.requests, one.received, one.last) == (3, 3, 350, "2026-11-02")
    assert (one.versions, one.unused, rows["two"].unused) == (2, ("2.0",), ())


def test_the_size_is_what_lies_on_the_store_each_object_once(store):
    expected = {}
    for stored in store.list("projects/"):
        name = stored.key.split("/")[1]
        expected[name] = expected.get(name, 0) + len(store.get(stored.key))
    assert project_sizes(store) == expected and set(expected) == {"one", "two"}


def test_a_report_has_no_name_no_machine_and_no_time_but_the_day():
    data = format_report(Report("2026-11-26", {("one", "1.0"): Count(1, 2, 3)}))
    assert json.loads(data.partition(b"\n")[0]) == {
        "format": 1,
        "kind": "usage",
        "day": "2026-11-26",
        "projects": {"one": {"1.0": [1, 2, 3]}},
    }
    assert parse_report(data, "x").counts == {("one", "1.0"): Count(1, 2, 3)}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"day": "yesterday", "projects": {}},
        {"day": "2026-11-26", "projects": []},
        {"day": "2026-11-26", "projects": {"../up": {}}},
        {"day": "2026-11-26", "projects": {"one": []}},
        {"day": "2026-11-26", "projects": {"one": {"1.0": [1, 2]}}},
        {"day": "2026-11-26", "projects": {"one": {"1.0": [1, 2, -3]}}},
        {"day": "2026-11-26", "projects": {"one": {"1.0": [1, 2, "3"]}}},
        {"day": "2026-11-26", "projects": {"one": {"<script>": [1, 2, 3]}}},
    ],
)
def test_a_report_that_cannot_be_is_skipped_and_counted(fields):
    data, place = format_object("usage", fields), MemoryStore()
    with pytest.raises(ObjectInvalid):
        parse_report(data, "x")
    place.put_new(report_key("2026-11-26", "0" * 32), data)
    place.put_new("2026-11-26/not-a-report", b"x")
    put(place, "2026-11-26", 1, {("one", "1.0"): Count(1, 0, 0)})
    tally = read_reports(place, "2026-01-01")
    assert (tally.sources, tally.skipped) == (1, 1)


def test_projects_that_are_not_on_the_shelf_do_not_appear_whatever_somebody_reports(store):
    place = MemoryStore()
    put(place, "2026-11-26", 1, {("evil", "1.0"): Count(9, 9, 9), ("one", "9.9"): Count(1, 0, 0)})
    rows = summed(store, read_reports(place, "2026-01-01"))
    assert set(rows) == {"one", "two"} and rows["one"].unused == ("2.0", "1.0")


# access logs


def line(key, *, bucket="our-bucket", day="26/Nov/2026", operation="REST.GET.OBJECT", status=206, sent=1000):
    request = f'"GET /{bucket}/{key}?x-id=GetObject HTTP/1.1"'
    tail = f'{sent} 5000 12 10 "-" "object_store/0.12" - abc= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader h TLSv1.3 - -'
    who = f"192.0.2.3 arn:aws:sts::123456789012:assumed-role/r/ann 3E57427F3EXAMPLE {operation} {key}"
    return f"{OWNER} {bucket} [{day}:00:00:38 +0000] {who} {request} {status} - {tail}"


def test_a_line_of_the_documented_format_is_read():
    found = parse_access(line("team/a%2Bb/x"))
    assert found == ("our-bucket", "team/a+b/x", "2026-11-26", 1000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        line("x", operation="REST.PUT.OBJECT"),
        line("x", status=403),
        line("x", day="99/Nov/2026"),
        line("x")[:120],
    ],
)
def test_what_is_no_read_does_not_count(text):
    assert parse_access(text) is None


def test_access_logs_tell_of_projects_and_by_their_manifests_of_versions(store):
    repository = Repository(store)
    part = repository.release("one", "2.0").wheels[0].trees[""].manifest
    base = "team/curated/projects"
    lines = [
        line(f"{base}/one/head", status=200, sent=100),
        line(f"{base}/one/manifest/{part}", status=200, sent=300),
        line(f"{base}/one/pack/{'a' * 64}.0"),
        line(f"{base}/one/pack/{'a' * 64}.0", day="01/Jan/2026"),
        line(f"{base}/one/pack/{'a' * 64}.0", bucket="another"),
        line("elsewhere/projects/two/head"),
        line(f"{base}/../two/head"),
        "garbage",
    ]
    logs = MemoryStore()
    logs.put_new("2026-11-26-00-00-00-ABCDEF", "\n".join(lines[:4]).encode())
    logs.put_new("2026-11-26-01-00-00-ABCDEF", "\n".join(lines[4:]).encode())
    rows = summed(store, read_logs(logs, repository, "2026-11-01"))
    one = rows["one"]
    assert (one.environments, one.requests, one.received, one.unused) == (1, 3, 1400, ("1.0",))
    assert rows["two"].requests == 0


# where reports go


@pytest.mark.parametrize(
    ("shelf", "setting", "place"),
    [
        ("s3://b/x", None, None),
        ("s3://b/x", "usage", "s3://b/x/usage"),
        ("s3://b/x", "s3://other/reports", "s3://other/reports"),
        ("file:///shelf", "usage", "file:///shelf/usage"),
    ],
)
def test_reports_go_where_the_shelf_says(shelf, setting, place):
    assert usage_place(shelf, {"usage_reports": setting} if setting else {}) == place


@pytest.mark.parametrize("setting", ["file:///home/ann", "/home/ann", "../up", "projects", "x/y"])
def test_a_bucket_makes_nobody_write_to_a_disk_or_elsewhere_on_the_shelf(setting):
    with pytest.raises(UsageError):
        usage_place("s3://b/x", {"usage_reports": setting})
