"""Whatever a shelf's settings say, only a page or a letter opens, and what is filled in stays what it is."""

from urllib.parse import parse_qs, urlsplit

import pytest

from cloudshelf.errors import UsageError
from cloudshelf.request_url import check_template, fill_template

VALUES = {"name": "torch", "version": "2.1.2", "python": "3.11.7", "platform": "linux", "why": "a & b=c #1?\nü/{name}"}


def test_values_arrive_as_they_were_typed():
    url = fill_template("https://t.example/new?title={name}+{version}&text={why}#{python}", VALUES)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "t.example", "/new")
    assert parse_qs(parts.query) == {"title": ["torch 2.1.2"], "text": [VALUES["why"]]}


def test_a_letter_has_its_address_and_subject():
    url = fill_template("mailto:curators@x.example?subject={name}&body={why}", VALUES)
    assert url.startswith("mailto:curators@x.example?subject=torch&body=a%20%26%20b%3Dc%20%231%3F%0A")


def test_a_value_that_is_not_known_is_left_empty():
    assert fill_template("http://x/{name}/{version}", {"name": "a"}) == "http://x/a/"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,{name}",
        "file:///etc/passwd",
        "ftp://x/{name}",
        "//x/{name}",
        "https:///no-host",
        "https://user:secret@x/{name}",
        "https://{name}/x",
        "https://x.{name}/x",
        "https://x:{name}/x",
        "mailto:",
        "mailto:{why}",
        "https://x/ {name}",
        "https://x/\n{name}",
        "https://x/ü",
        "https://x/{unknown}",
        "https://x/{name.__class__}",
        "https://x/{",
        "https://x/{}",
        "https://x/{name",
        "https://[x/",
        "https://x/" + "a" * 3000,
    ],
)
def test_what_may_not_be_opened_is_refused_with_an_example(template):
    for use in (check_template, lambda text: fill_template(text, VALUES)):
        with pytest.raises(UsageError, match="Write it like https://"):
            use(template)
