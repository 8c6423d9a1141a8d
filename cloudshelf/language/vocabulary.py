"""The verbs: their names, what each does, examples of it, and what other tools call it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

from . import verb_arguments as takes

BOTH = ("command", "magic")


class Verb(NamedTuple):
    """A verb of the grammar: ``declare`` adds its own arguments to a parser."""

    name: str
    summary: str
    examples: tuple[str, ...]
    declare: Callable[[argparse.ArgumentParser], None]
    faces: tuple[str, ...] = BOTH
    in_a_notebook: tuple[str, ...] = ()  # examples that need a notebook's own pins

    def examples_in(self, face: str) -> tuple[str, ...]:
        return self.examples if face == "command" else (*self.in_a_notebook, *self.examples)


_ALL = (
    Verb("init", "create a shelf", ("init s3://our-shelf/curated", "init ./shelf --name ours"), takes.init),
    Verb(
        "connect",
        "work with this shelf",
        ("connect s3://our-shelf/curated", "connect s3://team/shelf s3://our-shelf/curated", "connect"),
        takes.connect,
        ("magic",),
    ),
    Verb(
        "publish",
        "put distributions on the shelf",
        (
            "publish pandas matplotlib",
            "publish torch==2.1.2 --default",
            "publish ./dist/ours-1.0-py3-none-any.whl --no-deps",
            "publish -r requirements.txt --python 3.11 --python 3.12",
            "publish --dry-run matplotlib --osv off",
            "publish --tree ./dist --name mytool --version 1.4",
        ),
        takes.publish,
    ),
    Verb(
        "use",
        "pin distributions, with what they need, and make them importable",
        (
            "use pandas",
            'use torch==2.1 "pandas>=2.2,<3"',
            "use torch --variant cpu",
            "use -r requirements.txt -c constraints.txt",
            "use -r pyproject.toml --extra plots --group dev",
            "use --dry-run -r environment.yml",
            "use --restart numpy==1.26.4",
            "use --as-of 2026-11-01 pandas",
        ),
        takes.use,
        ("magic",),
    ),
    Verb(
        "install",
        "the same as use, for who knows pip",
        ("install pandas", "install -r requirements.txt", "install -U pandas"),
        takes.use,
        ("magic",),
    ),
    Verb("drop", "take distributions out of the pins", ("drop torch",), takes.drop, ("magic",)),
    Verb(
        "uninstall",
        "the same as drop, for who knows pip",
        ("uninstall torch", "uninstall -y -r requirements.txt"),
        takes.uninstall,
        ("magic",),
    ),
    Verb("status", "what is pinned, loaded and fetched", ("status",), takes.nothing, ("magic",)),
    Verb("list", "what is pinned here; in a terminal: what is on the shelf", ("list",), takes.nothing),
    Verb(
        "freeze",
        "the pins as lines of a requirements.txt",
        ("freeze pandas", "freeze --lock pylock.toml --hashes -o requirements.txt"),
        takes.freeze,
    ),
    Verb("browse", "look at the shelf, and pin with a click", ("browse", "browse torch"), takes.browse, ("magic",)),
    Verb(
        "profile",
        "what the last imports took, as a picture (%%shelf profile: those of a cell)",
        ("profile", "profile --last 1"),
        takes.profile,
        ("magic",),
    ),
    Verb("ls", "what is on the shelf", ("ls", "ls torch", "ls torch==2.1.2"), takes.ls),
    Verb("show", "all about one project or version", ("show torch", "show torch==2.1.2 --osv off"), takes.show),
    Verb("search", "find projects by words", ("search imag",), takes.search),
    Verb(
        "why",
        "who asked for a project",
        ("why numpy --with pandas", "why numpy --lock pylock.toml"),
        takes.why,
        in_a_notebook=("why numpy",),
    ),
    Verb(
        "lock",
        "the pins as pylock.toml (PEP 751), or by a name on the shelf",
        (
            "lock pandas -o pylock.toml",
            "lock -r requirements.txt pylock.toml",
            "lock --notebook report.ipynb",
            "lock pandas --name team/2026q4",
            "lock --lock pylock.toml --name team/2026q4",
            "lock pandas --as-of 2026-11-01",
            "lock torch --variant cpu --variant cu121",
        ),
        takes.lock,
        in_a_notebook=("lock pylock.toml",),
    ),
    Verb(
        "sync",
        "make exactly the pins of a lock importable",
        ("sync", "sync pylock.toml", "sync --notebook report.ipynb", "sync team/2026q4", "sync team/2026q4@3"),
        takes.sync,
    ),
    Verb(
        "diff",
        "what differs between two locks, and why",
        ("diff pylock.toml team/2026q4", "diff team/2026q4@1 team/2026q4"),
        takes.diff,
    ),
    Verb(
        "locks",
        "the locks on the shelf, or the history of one",
        ("locks", "locks team/2026q4", "locks --remove team/2026q3"),
        takes.locks,
    ),
    Verb(
        "history",
        "what this notebook used, dropped and synced; and back to it",
        ("history", "history --to 2"),
        takes.history,
        ("magic",),
    ),
    Verb(
        "fill",
        "bring every file now, for work without a network",
        ("fill pandas", "fill --lock pylock.toml", "fill --cache /opt/shelf --lock pylock.toml"),
        takes.fill,
        in_a_notebook=("fill",),
    ),
    Verb(
        "run",
        "run a command in an environment of its own",
        (
            "run --with pandas -- python script.py",
            "run --lock pylock.toml -- python -m pytest",
            "run --lock team/2026q4 -- python script.py",
            "run -r requirements.txt -- python script.py",
            "run --script job.py -- --fast",
            "run --fill --with numpy -- make",
            "run --notebook report.ipynb -- papermill report.ipynb out.ipynb",
            "run --profile --with pandas -- python script.py",
        ),
        takes.run,
        ("command",),
    ),
    Verb(
        "env",
        "PATH, PYTHONPATH, PKG_CONFIG_PATH … for any program, and what an editor wants",
        (
            "env --lock pylock.toml",
            "env --lock team/2026q4 --mount ~/drive",
            "env --with numpy --shell json",
        ),
        takes.env,
        in_a_notebook=("env",),
    ),
    Verb(
        "bootstrap",
        "a start-up script for a cloud workspace: the shelf in every shell and kernel",
        (
            "bootstrap profile --lock team/2026q4 -o setup.sh",
            "bootstrap sagemaker --lock team/2026q4 -o on-start.sh",
            "bootstrap jupyterhub --lock pylock.toml -o cloudshelf.sh",
            "bootstrap dockerfile --lock pylock.toml",
        ),
        takes.bootstrap,
        ("command",),
    ),
    Verb(
        "mount",
        "the shelf as a read-only drive (FUSE), for any language, tool and file",
        ("mount ~/drive --lock pylock.toml", "mount ~/pandas --with pandas", "mount ~/everything --all"),
        takes.mount,
        in_a_notebook=("mount ~/pins",),
    ),
    Verb("umount", "take the drive away", ("umount ~/everything",), takes.umount),
    Verb(
        "kernelspec",
        "a Jupyter kernel that starts with a lock",
        (
            "kernelspec team --lock pylock.toml --display-name 'Python (team)'",
            "kernelspec report --notebook report.ipynb --sys-prefix",
            "kernelspec list",
            "kernelspec remove team",
        ),
        takes.kernelspec,
        ("command",),
    ),
    Verb("default", "the version that a bare name takes", ("default pandas==2.2.3",), takes.release),
    Verb(
        "yank", "keep a version from new locks (PEP 592)", ("yank pandas==2.2.3 --reason 'wrong results'",), takes.yank
    ),
    Verb("unyank", "take a yank back", ("unyank pandas==2.2.3",), takes.release),
    Verb(
        "block",
        "nobody may use it any more, although it is pinned, cached or filled",
        (
            "block numpy==2.0.0 --reason 'wrong results' --use 'numpy<2'",
            "block 'torch<2.1' --reason 'remote code execution'",
        ),
        takes.block,
    ),
    Verb("unblock", "it may be used again", ("unblock numpy==2.0.0",), takes.unblock),
    Verb("blocks", "what is blocked, why, by whom, and what instead", ("blocks",), takes.nothing),
    Verb(
        "rollback",
        "set a project back to an earlier state",
        ("rollback pandas", "rollback pandas --to 3"),
        takes.rollback,
    ),
    Verb(
        "log",
        "who did what to a project, or to all of the shelf: projects, locks, settings, keys, blocks",
        ("log pandas", "log", "log --since 2026-11-01 --last 0"),
        takes.log,
    ),
    Verb(
        "purge",
        "take a version and its bytes off the shelf for good, and say what that breaks",
        (
            "purge pandas==2.2.2 --reason 'it contains a password' --dry-run",
            "purge pandas==2.2.2 --reason 'it contains a password' --yes",
        ),
        takes.purge,
    ),
    Verb(
        "collect",
        "delete what interrupted publishes left on the shelf",
        ("collect --dry-run", "collect", "collect pandas --grace 36h"),
        takes.collect,
    ),
    Verb(
        "verify",
        "read everything on the shelf and compare digests",
        ("verify", "verify pandas", "verify --repair"),
        takes.verify,
    ),
    Verb(
        "export",
        "write a selection of the shelf to one file, for places without a network",
        ("export pandas.tar pandas", "export team.tar --lock pylock.toml --engine", "export everything.tar --all"),
        takes.export,
    ),
    Verb("import", "put a bundle that export wrote on this shelf", ("import pandas.tar",), takes.import_),
    Verb(
        "request",
        "ask a curator for what is not on the shelf",
        ("request polars", "request torch==2.1.2 --why 'needed by the new model'"),
        takes.request,
    ),
    Verb(
        "settings",
        "the settings of the shelf, for its administrator",
        (
            "settings",
            "settings request-url 'https://tickets.example/new?title={name}+{version}&text={why}'",
            "settings usage-reports usage",
            "settings publish-policy policy.toml",
            "settings request-url --unset",
        ),
        takes.settings,
    ),
    Verb(
        "policy",
        "the IAM policy of a role, or the bucket's, for who administers a shelf",
        (
            "policy reader pandas numpy --shelf s3://our-shelf/curated",
            "policy reader --all --locks team/ --shelf s3://our-shelf/curated",
            "policy curator pandas --no-catalog --shelf s3://our-shelf/curated",
            "policy bucket --collector arn:aws:iam::111122223333:role/collector --shelf s3://our-shelf/curated",
        ),
        takes.policy,
        ("command",),
    ),
    Verb(
        "usage",
        "size and uses of each project; versions that nobody has used",
        ("usage", "usage torch --since 2026-11-01", "usage --logs s3://our-logs/shelf"),
        takes.usage,
    ),
    Verb(
        "key",
        "make a key that signs (Ed25519), or show its public half",
        ("key new anna.key", "key new --passphrase --owner 'Bea, data team' bea.key", "key show anna.key"),
        takes.key,
        ("command",),
    ),
    Verb(
        "trust",
        "who may sign what: the shelf's root document, for its administrator",
        (
            "trust init --key root.key",
            "trust add-key pandas 'ours-*' --key anna.key.pub --expires 1y --sign root.key",
            "trust add-key --locks 'team/*' --key anna.key.pub --sign root.key",
            "trust remove-key --key anna --sign root.key",
            "trust rotate --sign root.key",
            "trust sign --all --sign anna.key",
            "trust show",
        ),
        takes.trust,
        ("command",),
    ),
    Verb(
        "enable",
        "load the extension in every kernel (with --shelf, for that shelf)",
        (
            "enable",
            "enable --system --zero-step off",
            "enable --sys-prefix --shelf s3://our-shelf/curated --lock team/2026q4",
        ),
        takes.enable,
        ("command",),
    ),
    Verb("disable", "take back what enable wrote", ("disable", "disable --system"), takes.place, ("command",)),
    Verb(
        "cache",
        "the cache of this machine: info, verify, prune, clear",
        ("cache", "cache verify", "cache verify --repair", "cache prune", "cache clear"),
        takes.cache,
    ),
    Verb("doctor", "check settings, shelf, cache and fetcher", ("doctor",), takes.nothing),
    Verb(
        "completion",
        "a script with which Tab completes in your shell",
        ("completion bash", "completion zsh", "completion fish"),
        takes.completion,
        ("command",),
    ),
    Verb("traceback", "the full traceback of the last error", ("traceback",), takes.nothing, ("magic",)),
)
VERBS = {verb.name: verb for verb in _ALL}

# Words of other tools that are whole verbs of ours.
ALIASES = {("install", "magic"): "use", ("uninstall", "magic"): "drop", ("list", "command"): "ls"}

# For whom a verb has no meaning where it was typed.
_RUN = "In a terminal: cloudshelf run --with pandas -- python script.py"
INSTEAD = {
    "connect": "In a terminal, set CLOUDSHELF_URL, or give --shelf URL.",
    "use": _RUN,
    "install": f"{_RUN}; a curator puts it on the shelf with: cloudshelf publish pandas",
    "drop": "In a terminal nothing stays pinned; a lock does: cloudshelf lock pandas -o pylock.toml",
    "history": "In a terminal nothing stays pinned; a project's history: cloudshelf log pandas",
    "uninstall": "In a terminal nothing stays pinned; a curator keeps a version from others with: cloudshelf yank",
    "status": "In a terminal nothing stays pinned; what is on the shelf: cloudshelf ls",
    "traceback": "In a terminal, add --debug to the verb that failed.",
    "enable": "In a notebook: !cloudshelf enable",
    "key": "In a terminal: cloudshelf key new FILE",
    "trust": "In a terminal: cloudshelf trust show",
    "disable": "In a notebook: !cloudshelf disable",
    "browse": "In a terminal: cloudshelf ls, and cloudshelf search WORD",
    "profile": "In a terminal: cloudshelf run --profile --with pandas -- python script.py",
    "completion": "In a notebook Tab completes by itself.",
    "run": "In a notebook: !cloudshelf run --with pandas -- python script.py",
    "bootstrap": "In a terminal: cloudshelf bootstrap profile --lock team/2026q4",
    "kernelspec": "In a notebook: !cloudshelf kernelspec NAME --lock pylock.toml",
    "policy": "In a notebook: !cloudshelf policy reader PROJECT",
}

# What pip's options would mean here.
_INDEX = "Distributions come from the shelf; --shelf URL names another one."
_PLACE = "Nothing is installed: pins are of this notebook, files in your cache."
OF_PIP = {
    "-e": "An editable checkout stays beside the shelf: %pip install -e",
    "--editable": "An editable checkout stays beside the shelf: %pip install -e",
    "-f": _INDEX,
    "-i": _INDEX,
    "-t": _PLACE,
    "--extra-index-url": _INDEX,
    "--find-links": _INDEX,
    "--index-url": _INDEX,
    "--no-index": _INDEX,
    "--prefix": _PLACE,
    "--pre": "A pre-release is taken where nothing else satisfies, or where you name it: pandas==3.0rc1.",
    "--target": _PLACE,
    "--user": _PLACE,
}

# What other tools call it.
MEANT = {
    "add": ("use", "publish"),
    "changes": ("diff", "log"),
    "clean": ("clear", "cache"),
    "create": ("init",),
    "ban": ("block",),
    "delete": ("drop", "yank", "purge"),
    "gc": ("collect",),
    "download": ("fill",),
    "exec": ("run",),
    "find": ("search",),
    "info": ("show",),
    "install": ("use", "run", "publish"),
    "pin": ("use", "lock"),
    "push": ("publish",),
    "prune": ("cache", "collect"),
    "recall": ("block",),
    "remove": ("drop", "yank"),
    "rm": ("drop", "yank"),
    "undo": ("history", "rollback"),
    "uninstall": ("drop",),
    "update": ("use",),
    "upgrade": ("use",),
    "upload": ("publish",),
    "versions": ("ls",),
}
