"""What each verb takes: functions that add a verb's own arguments to a parser (argparse)."""

from __future__ import annotations

import argparse

WHICH_LOCK = "a file (it ends in .toml, or is a path) or a name on the shelf"
DEFAULT_LOCK = "pylock.toml"


def nothing(_parser: argparse.ArgumentParser) -> None:
    pass


def requirements(parser: argparse.ArgumentParser, what: str = "such as pandas or pandas>=2.2,<3") -> None:
    parser.add_argument("requirements", nargs="*", metavar="REQUIREMENT", help=what)
    sources(parser)


def sources(parser: argparse.ArgumentParser) -> None:
    """Files that name requirements; gathering.py tells their kinds apart."""
    parser.add_argument(
        *("-r", "--requirement"),
        action="append",
        default=[],
        metavar="FILE",
        help="requirements.txt, pylock.toml, pyproject.toml, a script with its block, environment.yml",
    )
    constraint = "limits versions, asks for nothing (pip's)"
    parser.add_argument("-c", "--constraint", action="append", default=[], metavar="FILE", help=constraint)
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra of pyproject.toml")
    group = "a dependency group of pyproject.toml (alone, without -r: only that)"
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help=group)


def hashes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--require-hashes", action="store_true", help="every requirement needs a --hash (pip's)")


def dry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="report line by line what the shelf has; change nothing")


def harmless(parser: argparse.ArgumentParser) -> None:
    """What a pip user types by habit, and what changes nothing here."""
    parser.add_argument("-q", "--quiet", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-y", "--yes", action="store_true", help=argparse.SUPPRESS)


def interpreter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--python", metavar="VERSION", help="for this Python, such as 3.12 (default: this one)")
    parser.add_argument("--platform", metavar="TAG", help="for this platform, such as manylinux_2_28_aarch64")


def as_of(parser: argparse.ArgumentParser) -> None:
    what = "on the shelf as it was then: 2026-11-01 (to its end, UTC) or 2026-11-01T14:30"
    parser.add_argument("--as-of", metavar="DAY", help=what)


def init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL", help="s3://bucket/prefix or file:///folder")
    parser.add_argument("--name", default="", help="what people call this shelf")
    parser.add_argument("--request-url", metavar="URL", help="what `request` opens, with {name}, {version}, {why}, …")


def publish(parser: argparse.ArgumentParser) -> None:
    requirements(parser, "a requirement, a wheel file or a source archive")
    parser.add_argument("--no-deps", action="store_true", help="without what they require")
    parser.add_argument(
        "--python", action="append", default=[], metavar="VERSION", help="for this Python; several times: for each"
    )
    parser.add_argument("--platform", metavar="TAG", help="for this platform, such as manylinux_2_28_aarch64")
    parser.add_argument("--default", action="store_true", help="make these versions the ones a bare name takes")
    parser.add_argument("--dry-run", action="store_true", help="say what would be uploaded, upload nothing")
    parser.add_argument("--index-url", "-i", metavar="URL", help="pip's: another index than the configured one")
    parser.add_argument("--extra-index-url", action="append", default=[], metavar="URL", help="pip's: a further index")
    parser.add_argument("--find-links", "-f", action="append", default=[], metavar="DIR", help="pip's: folder or page")
    parser.add_argument("--no-index", action="store_true", help="pip's: only --find-links")
    what = "where a wheel was built, as PEP 740 has it; kept with it (the index is asked for what it has)"
    parser.add_argument("--attestation", action="append", default=[], metavar="FILE", help=what)
    parser.add_argument(
        "--allow-module",
        action="append",
        default=[],
        metavar="MODULE",
        help="may bring this module, which is another's",
    )
    what = "publish only what this allows, too (TOML); the shelf may have rules of its own (settings)"
    parser.add_argument("--policy", metavar="FILE", help=what)
    osv(parser)
    what = "an internal project that an index may supply all the same"
    parser.add_argument("--allow-public", action="append", default=[], metavar="NAME", help=what)
    parser.add_argument(
        "--allow-name",
        action="append",
        default=[],
        metavar="PROJECT",
        help="may be new here, though it looks like another",
    )
    tree = parser.add_argument_group("a plain tree: any language's tool, a library with headers, a data set")
    tree.add_argument("--tree", metavar="DIR", help="this folder as it is, in place of requirements")
    tree.add_argument("--name", metavar="NAME", help="what it is called on the shelf")
    tree.add_argument("--version", metavar="VERSION", help="its version, such as 1.4 or 2026.11.26")
    what = "files in it that are commands, such as 'libexec/*'; several times (default: what is executable in bin)"
    tree.add_argument("--bin", action="append", default=[], metavar="PATTERN", help=what)
    what = "a variable that its users get; {root} is its folder; several times"
    tree.add_argument("--env", action="append", default=[], metavar="KEY=VALUE", help=what)
    tree.add_argument("--summary", metavar="TEXT", help="a line about it, for search")
    tree.add_argument("--license", metavar="TEXT", help="its license, such as MIT")
    sign(parser)


def sign(parser: argparse.ArgumentParser) -> None:
    """For every verb that changes a head."""
    what = "sign with this private key (default: CLOUDSHELF_SIGNING_KEY)"
    parser.add_argument("--sign", metavar="FILE", help=what)


def key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("new", "show"), help="make a key, or show the public half of one")
    parser.add_argument("file", metavar="FILE", help="the private key; the public half is FILE.pub")
    parser.add_argument("--owner", metavar="TEXT", help="whose it is, for people (default: you, on this machine)")
    parser.add_argument("--passphrase", action="store_true", help="ask for one (or set CLOUDSHELF_SIGNING_PASSPHRASE)")


def trust(parser: argparse.ArgumentParser) -> None:
    actions = ("init", "show", "add-key", "remove-key", "rotate", "sign", "add-signature")
    parser.add_argument("action", choices=actions, help="make, show or change the root document; sign heads")
    names = "projects: pandas, 'ours-*', '*'; of add-signature the FILE"
    parser.add_argument("names", nargs="*", metavar="NAME", help=names)
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help="which: FILE.pub (init: private), id")
    parser.add_argument("--locks", action="append", default=[], metavar="NAME", help="named locks: 'team/*'")
    parser.add_argument("--recall", action="store_true", help="for blocking")
    parser.add_argument("--expires", metavar="TIME", help="90d, 1y or 2027-11-01 (the document: 1y; a key: never)")
    parser.add_argument("--threshold", type=int, metavar="N", help="how many administrators have to sign (default: 1)")
    parser.add_argument("--add", action="append", default=[], metavar="KEY", help="rotate: a further administrator")
    parser.add_argument("--remove", action="append", default=[], metavar="KEY", help="rotate: one less")
    what = "with this private key; for several administrators several times (default: CLOUDSHELF_SIGNING_KEY)"
    parser.add_argument("--sign", action="append", default=[], metavar="FILE", help=what)
    parser.add_argument("--out", metavar="FILE", help="write the document there (show: a copy, to be pinned)")
    parser.add_argument("--all", action="store_true", help="sign: everything that is not signed yet")
    parser.add_argument("--to", type=int, metavar="SEQ", help="sign: the state of then instead of the present one")


def osv(parser: argparse.ArgumentParser) -> None:
    what = "known vulnerabilities: a file, folder or zip of OSV records, a URL, or off (default: https://api.osv.dev)"
    parser.add_argument("--osv", metavar="PLACE", help=what)


def show(parser: argparse.ArgumentParser) -> None:
    project(parser)
    osv(parser)


def project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT[==VERSION]")


def release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT==VERSION")
    sign(parser)


def ls(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", metavar="PROJECT[==VERSION]", help="its versions, or a version's wheels")


def search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORD", help="in names, summaries and module names")


def why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a pinned project: who asked for it")
    parser.add_argument("--lock", metavar="LOCK", help="in this lock (default in a notebook: its own pins)")
    parser.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help="in its lock")


def variant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", metavar="LABEL", help="builds for cpu, cu121 … (default: as the drivers here say)")


def use(parser: argparse.ArgumentParser) -> None:
    requirements(parser)
    variant(parser)
    hashes(parser)
    parser.add_argument("-U", "--upgrade", action="store_true", help="let go of the versions that they are pinned at")
    parser.add_argument("--restart", action="store_true", help="restart the kernel first, when versions are loaded")
    parser.add_argument("--shadow", action="store_true", help="go before an editable or direct-URL install of it")
    as_of(parser)
    dry(parser)
    harmless(parser)


def browse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="begin with the projects that these words find")


def drop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="+", metavar="PROJECT", help="no longer asked for")
    harmless(parser)


def uninstall(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="no longer asked for")
    parser.add_argument(
        "-r", "--requirement", action="append", default=[], metavar="FILE", help="what this file asks for"
    )
    harmless(parser)


def freeze(parser: argparse.ArgumentParser) -> None:
    requirements(parser, "freeze what these come to (a notebook: nothing, for its own pins)")
    parser.add_argument("--lock", metavar="FILE", help="the pins of this lock")
    hashes(parser)
    parser.add_argument("--hashes", action="store_true", help="with the sha256 of each wheel")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there (default: print it)")
    interpreter(parser)


def lock(parser: argparse.ArgumentParser) -> None:
    requirements(parser, "what to lock (a notebook: nothing, for its own pins); a word ending in .toml is the file")
    hashes(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there (default: print it)")
    parser.add_argument("--name", metavar="NAME", help="put it on the shelf by this name, such as team/2026q4")
    sign(parser)
    notebook(parser, "put it into this notebook (default in a notebook: itself; in a terminal: the only one here)")
    parser.add_argument("--lock", metavar="LOCK", help="this lock as it is: to name one, or to get one that has a name")
    as_of(parser)
    dry(parser)
    interpreter(parser)
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="LABEL",
        help="builds for cpu, cu121 …; several times: one lock for all of them",
    )


def notebook(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--notebook", nargs="?", const=True, metavar="FILE.ipynb", help=what)
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")


def sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "lock", nargs="?", default=DEFAULT_LOCK, metavar="LOCK", help=f"default: {DEFAULT_LOCK}; {WHICH_LOCK}"
    )
    notebook(parser, "the lock in this notebook, or with this digest (default in a notebook: its own)")
    variant(parser)


def diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("locks", nargs="+", metavar="LOCK", help=f"from, to (a notebook: its own pins); {WHICH_LOCK}")


def locks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="its history: who changed it when (default: all locks)")
    parser.add_argument("--remove", action="store_true", help="take the name away; its history stays")
    sign(parser)


def history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=int, metavar="STATE", help="go back, or forth, to the pins of that state")


def fill(parser: argparse.ArgumentParser) -> None:
    requirements(parser, "fill an environment of these (a notebook: nothing, for its own)")
    hashes(parser)
    parser.add_argument("--lock", metavar="LOCK", help="fill the environment of this lock")
    parser.add_argument("--cache", metavar="DIR", help="fill a cache that others read: in an image, on a node, on EFS")
    variant(parser)


def run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help="importable")
    sources(parser)
    hashes(parser)
    parser.add_argument("--script", metavar="FILE", help="run this Python file with what its block asks for (PEP 723)")
    parser.add_argument("--lock", metavar="LOCK", help=f"exactly the pins of this lock; {WHICH_LOCK}")
    parser.add_argument("--notebook", metavar="FILE.ipynb", help="exactly the pins of this notebook's lock; --inherit")
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")
    parser.add_argument(
        "--inherit", action="store_true", help="other Pythons with cloudshelf, and kernels, see the environment too"
    )
    variant(parser)
    as_of(parser)
    parser.add_argument("--fill", action="store_true", help="bring every file first, for programs that are no Python")
    parser.add_argument("--profile", action="store_true", help="at the end, a picture of what its imports took")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")


def env(parser: argparse.ArgumentParser) -> None:
    what = "of this, with what it needs (in a notebook: nothing, for its own pins)"
    parser.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help=what)
    parser.add_argument("--lock", metavar="LOCK", help=f"of exactly the pins of this lock; {WHICH_LOCK}")
    mounted = "as it is mounted there (cloudshelf mount DIR); else every file is brought first"
    parser.add_argument("--mount", metavar="DIR", help=mounted)
    inherit = "your Python stays: CLOUDSHELF_ENVIRONMENT, for those with cloudshelf, not PYTHONPATH; PATH goes behind"
    parser.add_argument("--inherit", action="store_true", help=inherit)
    shell = "sh: lines for eval (default); json: also the interpreter and extra path for an editor"
    parser.add_argument("--shell", choices=("sh", "json"), default="sh", metavar="SHELL", help=shell)
    variant(parser)


def bootstrap(parser: argparse.ArgumentParser) -> None:
    targets = ("jupyterhub", "sagemaker", "profile", "dockerfile")
    parser.add_argument("target", choices=targets, metavar="TARGET", help=f"{', '.join(targets[:-1])} or {targets[-1]}")
    parser.add_argument("--lock", metavar="LOCK", help=f"what every shell and kernel has; {WHICH_LOCK}")
    parser.add_argument("--output", "-o", metavar="FILE", help="write it there (default: show it)")


def mount(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="an empty folder; it is made if it is not there")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--lock", metavar="LOCK", help=f"DIR/env has exactly the pins of this lock; {WHICH_LOCK}")
    pins = "DIR/env has this, with what it needs (default in a notebook: its own pins)"
    what.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help=pins)
    what.add_argument("--all", action="store_true", help="no DIR/env, only DIR/projects: every version")
    variant(parser)
    parser.add_argument("--foreground", action="store_true", help="stay in this terminal until Ctrl-C")


def umount(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="where it is mounted")


def kernelspec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="NAME", help="make this kernel; or: list (default), remove NAME")
    parser.add_argument("--lock", metavar="FILE", help="the lock that it starts with")
    parser.add_argument("--notebook", metavar="FILE.ipynb", help="the lock of this notebook")
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")
    parser.add_argument("--display-name", metavar="TEXT", help="what Jupyter shows (default: NAME)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user (default)")
    where.add_argument("--sys-prefix", action="store_true", help="for who uses this Python")
    where.add_argument("--prefix", metavar="DIR", help="below DIR/share/jupyter/kernels")


def profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=int, default=10, metavar="N", help="this many imports (default: 10; 0: all)")


def yank(parser: argparse.ArgumentParser) -> None:
    release(parser)
    parser.add_argument("--reason", default="", help="shown to who has it pinned")


BLOCKED = "torch==2.1.2, 'torch<2.1', torch, or sha256:… of a wheel"


def block(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", nargs="+", metavar="WHAT", help=BLOCKED)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="everybody who is refused reads it")
    parser.add_argument("--use", default="", metavar="REQUIREMENT", help="what to take instead, such as torch==2.1.3")
    sign(parser)


def unblock(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", nargs="+", metavar="WHAT", help=f"as it was blocked: {BLOCKED}")
    sign(parser)


def rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--to", type=int, metavar="SEQ", help="a sequence of `log` (default: the one before)")
    sign(parser)


def collect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="default: all")
    what = "leave alone what is younger, by the store's clock: 7d (default), 36h, 0"
    parser.add_argument("--grace", default="7d", metavar="AGE", help=what)
    parser.add_argument("--dry-run", action="store_true", help="say what would go; delete nothing")
    sign(parser)


def purge(parser: argparse.ArgumentParser) -> None:
    release(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="told to who has it pinned (needed)")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask; needed where there is no terminal")
    parser.add_argument("--dry-run", action="store_true", help="say what it would break; change nothing")


def log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="default: all that was done on the shelf")
    parser.add_argument("--since", metavar="DAY", help="from then on: 2026-11-01 or 2026-11-01T14:30 (UTC)")
    parser.add_argument("--before", metavar="DAY", help="only what was earlier: for the next page")
    parser.add_argument("--last", type=int, metavar="N", help="this many (default: 50; of a project: all; 0: all)")


def verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="default: all")
    parser.add_argument("--repair", action="store_true", help="write the catalog (ls, search, bare imports) anew first")


def cache(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("info", "prune", "clear", "verify"), default="info")
    parser.add_argument("--repair", action="store_true", help="verify: remove what was added, bring the rest anew")


def request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT[==VERSION]", help="what the shelf should have")
    parser.add_argument("--why", default="", metavar="TEXT", help="for the curator who decides")
    interpreter(parser)
    parser.add_argument("--no-browser", action="store_true", help="show the URL, do not open it")


def settings(parser: argparse.ArgumentParser) -> None:
    names = ("contact", "request-url", "usage-reports", "internal", "publish-policy")  # shelf_settings.py
    parser.add_argument("name", nargs="?", choices=names, help="default: show all of them")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="what it shall be; publish-policy: a FILE, or off")
    parser.add_argument("--unset", action="store_true", help="take it away")


def policy(parser: argparse.ArgumentParser) -> None:
    roles = ("reader", "curator", "collector", "indexer", "administrator", "bucket")  # policies/roles.py
    parser.add_argument("role", choices=roles, metavar="ROLE", help=f"{', '.join(roles[:-1])}; or: bucket")
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="of a reader, curator or collector")
    parser.add_argument("--all", action="store_true", help="for all projects of the shelf")
    parser.add_argument("--deps", action="store_true", help="and for what their defaults need, which the shelf knows")
    where = "and for the named locks there: team/, team/2026q4, / for all"
    parser.add_argument("--locks", action="append", default=[], metavar="PLACE", help=where)
    without = "without the lists of the catalog: only who knows a name uses it"
    parser.add_argument("--no-names", action="store_true", help=without)
    parser.add_argument("--no-catalog", action="store_true", help="who publishes does not write the catalog")
    parser.add_argument("--reports", metavar="PLACE", help="and for usage reports, as `settings usage-reports` has it")
    who = "of the bucket: a role that may delete what is collected"
    parser.add_argument("--collector", action="append", default=[], metavar="ARN", help=who)
    where = "aws, aws-cn, aws-us-gov … (default: that of AWS_REGION)"
    parser.add_argument("--partition", metavar="NAME", help=where)


def usage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="default: all")
    parser.add_argument("--since", metavar="DAY", help="such as 2026-11-01 (default: 90 days ago)")
    parser.add_argument("--logs", metavar="PLACE", help="access logs of S3: s3://bucket/prefix or a folder of them")


def place(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    parser.set_defaults(place="user")
    places = (("user", "your own kernels (default)"), ("sys-prefix", "kernels of this Python's environment"))
    for place, what in (*places, ("system", "everybody's on this machine: /etc/ipython")):
        group.add_argument(f"--{place}", action="store_const", const=place, dest="place", help=what)


def enable(parser: argparse.ArgumentParser) -> None:
    place(parser)
    parser.add_argument("--zero-step", choices=("on", "off"), help="import of what is not pinned (default: on)")
    parser.add_argument("--lock", metavar="LOCK", help=f"every kernel starts with its pins; {WHICH_LOCK}")


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="the file to write, such as pandas.tar")
    requirements(parser)
    parser.add_argument("--lock", metavar="FILE", help="exactly the pins of this lock")
    parser.add_argument("--all", action="store_true", help="everything that is on the shelf")
    parser.add_argument("--engine", action="store_true", help="cloudshelf itself too, to be installed by pip")
    interpreter(parser)


def import_(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a file that export wrote")
    parser.add_argument("--dry-run", action="store_true", help="say what would be imported, upload nothing")
    what = "only if the shelf that it is from signed it: the fingerprint of that one's root document"
    parser.add_argument("--signed-by", metavar="FINGERPRINT", help=what)
    sign(parser)


def completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("interpreter", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="*", metavar="URL", help="s3://bucket/prefix or file:///folder; the first that has a project wins"
    )
