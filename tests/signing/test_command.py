"""The story as people type it: an administrator, a curator, a reader, and somebody who may write and has no key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.command.cli import main
from cloudshelf.stores.opening import open_store
from tests.publisher.wheels import build_wheel

from .shelves import forge, overwrite, publish

HEAD = "projects/demo/head"


class Office:
    """One folder with a shelf, keys and wheels; ``type`` is the command, in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capsys = folder, monkeypatch, capsys
        for name, value in self.environ().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("CLOUDSHELF_TRUST", raising=False)
        monkeypatch.delenv("CLOUDSHELF_SIGNING_KEY", raising=False)
        monkeypatch.chdir(folder)
        self.store = open_store(str(folder / "shelf"))

    def environ(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "CLOUDSHELF_CACHE": str(self.folder / "cache"),
            "CLOUDSHELF_URL": (self.folder / "shelf").as_uri(),
            "CLOUDSHELF_FETCHER_IDLE": "1",
        }

    def type(self, line: str, code: int = 0) -> str:
        """What the command says."""
        assert main(line.split()) == code, self._capsys.readouterr()
        said = self._capsys.readouterr()
        return said.out + said.err

    def trust(self, text: str | None) -> None:
        if text is None:
            self._patch.delenv("CLOUDSHELF_TRUST", raising=False)
        else:
            self._patch.setenv("CLOUDSHELF_TRUST", text)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """A program of its own, with these settings."""
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=250)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    """A shelf on which anna's key signs everything; the root document is pinned."""
    office = Office(tmp_path, monkeypatch, capsys)
    office.type("init shelf")
    office.type("trust init --key root.key")
    office.type("key new --owner anna anna.key")
    office.type("trust add-key * --key anna.key.pub --sign root.key --expires 1y")
    office.trust(json.loads(office.type("trust show --json"))["fingerprint"])
    return office


def test_from_the_first_key_to_a_refused_import(office: Office) -> None:
    build_wheel(office.folder, "demo", "1.0", {"demo.py": b"X = 1\n"})
    wheel = "demo-1.0-py3-none-any.whl"
    assert "no key was named: --sign FILE" in office.type(f"publish --no-deps {wheel}", 2)
    office.type(f"publish --no-deps {wheel} --sign anna.key")
    assert re.search(r"^signed +by anna \([0-9a-f]{12}\)$", office.type("show demo"), re.M)
    assert "anna" in office.type("log demo").splitlines()[1]
    assert office.type("verify").startswith("All is sound")
    good = office.python("import cloudshelf; cloudshelf.use('demo'); import demo; print(demo.X)")
    assert good.stdout == "1\n", good.stderr

    overwrite(office.store, HEAD, forge(office.store.get(HEAD), {"seq": 2, "default": None}))
    refused = office.python("import cloudshelf; cloudshelf.use('demo')")
    assert "errors.SignatureMissing: The head of demo on file://" in refused.stderr
    assert "ImportError" not in refused.stderr
    assert "is not signed" in office.type("show demo", 4)
    assert "1 object damaged" in office.type("verify", 4)
    office.trust(None)
    assert office.type("show demo").startswith("project")  # who requires nothing sees what they always saw
    assert "1 object damaged" in office.type("verify", 4)  # the shelf itself says that it is signed


def test_a_key_is_changed_and_what_it_signed_is_signed_again(office: Office) -> None:
    office.type("key new --owner bea bea.key")
    publish(office.store, "demo", "1")  # from before there were signatures
    publish(office.store, "other", "1")
    said = office.type("trust sign --all --sign anna.key")
    assert said.endswith("Signed 2 heads.\n") and "SignatureMissing" in said
    assert office.type("trust sign --all --sign anna.key").endswith("Signed 0 heads.\n")
    office.type("trust add-key * --key bea.key.pub --sign root.key")
    office.type("trust remove-key --key anna --sign root.key")
    assert "which may not sign it; these may: bea" in office.type("show demo", 4)
    assert "Your key" in office.type("trust sign demo --sign anna.key", 4)
    office.type("trust sign demo --sign bea.key")
    assert "by bea" in office.type("show demo")
    assert "may not sign it" in office.type("show other", 4)
    assert office.type("verify demo").startswith("All is sound")


def test_a_state_from_before_is_signed_after_a_key_was_stolen(office: Office) -> None:
    office.type("key new --owner bea bea.key")
    publish(office.store, "demo", "1")
    office.type("trust sign demo --sign anna.key")
    publish(office.store, "demo", "6.6.6")  # by the thief
    office.type("trust add-key * --key bea.key.pub --sign root.key")
    office.type("trust remove-key --key anna --sign root.key")
    office.type("trust sign demo --to 2 --sign bea.key")
    assert (
        json.loads(office.type("ls demo --json"))["versions"] == json.loads(office.type("ls demo --json"))["versions"]
    )
    assert "6.6.6" not in office.type("ls demo")
    assert office.type("verify").startswith("All is sound")


def test_two_administrators_pass_a_document_on(office: Office) -> None:
    office.type("key new --owner bob bob.key")
    office.type("trust rotate --add bob.key.pub --threshold 2 --sign root.key --sign bob.key")
    assert "has 1; others are: bob" in office.type("trust rotate --sign root.key", 1)
    assert "is for the others to sign" in office.type("trust rotate --sign root.key --out next.json")
    assert "root document 4" in office.type("trust add-signature next.json --sign bob.key")
    assert "root document 4" in office.type("trust show")


def test_a_lock_that_somebody_sent_is_refused(office: Office) -> None:
    publish(office.store, "demo", "1")
    office.type("trust sign demo --sign anna.key")
    good = office.store.get(HEAD)
    publish(office.store, "demo", "6.6.6")
    office.trust(None)
    office.type("lock demo==6.6.6 -o sent.toml")
    overwrite(office.store, HEAD, good)
    office.trust(json.loads(office.type("trust show --json"))["fingerprint"])
    assert "No signed head of demo" in office.type("sync sent.toml", 4)


@pytest.mark.parametrize("place", ["the user's file", "a list", "the machine's file"])
def test_a_file_requires_signatures_as_the_variable_does(
    office: Office, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(office.store, "demo", "1")
    fingerprint = os.environ["CLOUDSHELF_TRUST"]
    office.trust("0" * 64 if place == "the machine's file" else None)  # which nothing overrules
    file = office.folder / "home" / ".config" / "cloudshelf" / "config.toml"
    if place == "the machine's file":
        file = office.folder / "cloudshelf.toml"
        monkeypatch.setattr("cloudshelf.config._SYSTEM_FILE", file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'trust = "{fingerprint}"\n' if place != "a list" else f'trust = ["{"0" * 64}", "{fingerprint}"]\n')
    assert "The head of demo" in office.type("show demo", 4)
    assert f"required by {file}" in office.type("doctor")


def test_who_requires_nothing_loads_no_cryptography(office: Office) -> None:
    """Signed heads, root document and all: 30 ms and 40 modules that only who asks for it waits for."""
    publish(office.store, "demo", "1")
    office.type("trust sign demo --sign anna.key")
    office.trust(None)
    done = office.python(
        "import sys; from cloudshelf.verbs import serve; import os\n"
        "args = {'shelf': os.environ['CLOUDSHELF_URL'], 'requirements': ['demo']}\n"
        "serve('use', args, lambda event: None)\n"
        "print([name for name in ('cryptography', 'cloudshelf.signing') if name in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trust init --key other.key", "has a root document already"),
        ("trust add-key --key anna.key.pub --sign root.key", "Which key, and for what?"),
        ("trust add-key demo --key anna.key --sign root.key", "it is the private half"),
        ("trust add-key demo --key anna.key.pub", "An administrator's key has to sign it"),
        ("trust add-key demo --key anna.key.pub --sign anna.key", "takes the signatures of 1"),
        ("trust add-key a/b --key anna.key.pub --sign root.key", "is no project"),
        ("trust remove-key --key zoe --sign root.key", "No key is 'zoe'"),
        ("trust rotate --remove root.key --sign root.key", "No key is"),
        ("trust sign --sign anna.key", "What to sign?"),
        ("trust sign nothere --sign anna.key", "is not on the shelf"),
        ("trust show --out no/such/folder", "No such file"),
        ("key new anna.key", "it is there already"),
        ("key show nothere.key", "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_clear_line(office: Office, line: str, said: str) -> None:
    words = line.split()
    code = main(words)
    message = office._capsys.readouterr().err
    assert code != 0 and said in message and message.count("\n") == 1, message
