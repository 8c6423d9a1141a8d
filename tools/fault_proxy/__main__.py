"""``python -m tools.fault_proxy --to URL --rule RULE …``: a proxy that fails as the rules say, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading

from .faults import Fault
from .messages import Request
from .proxy import faulty
from .rules import FAULTS, Rule, parse_rule

_EXAMPLES = """rules: METHOD [PATH] [nth=N] [times=N] [SHARE%] FAULT

  'PUT */head nth=2 drop-reply'     the second PUT of a path that ends in /head
  'GET /pack/ times=3 503'          the first three GETs with /pack/ in their path
  '* 30% 503'                       three of ten requests, chosen at random
  'GET drip=0.5'                    every GET, half a second between two bytes

METHOD is GET, HEAD, PUT, POST, DELETE or *. The first rule that is due wins.

faults:
  STATUS, STATUS:CODE  answer with S3's error, such as 503 or 400:ExpiredToken; the server is not asked
"""


def main(words: list[str]) -> int:
    """Run until Ctrl-C; one line a request on standard output."""
    faults = "\n".join(f"  {name:<19}  {means}" for name, (_, means) in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tools.fault_proxy",
        description="A proxy in front of an HTTP server that fails where a rule says so. It listens on 127.0.0.1.",
        epilog=f"{_EXAMPLES}{faults}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", required=True, metavar="URL", help="the server, such as http://127.0.0.1:9000")
    parser.add_argument("--port", type=int, default=0, help="where to listen; a free one without it")
    parser.add_argument("--rule", type=_rule, action="append", default=[], help="what fails; may be given again")
    parser.add_argument("--seed", type=int, default=0, help="another choice of the requests that a share befalls")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    options = parser.parse_args(words)
    for number, rule in enumerate(options.rule):
        rule.chance.seed(f"{options.seed} {number}")
    try:
        with faulty(options.to, port=options.port, watch=None if options.quiet else _tell) as proxy:
            proxy.rules.extend(options.rule)
            print(f"{proxy.endpoint} leads to {options.to}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return 0


def _rule(text: str) -> Rule:
    try:
        return parse_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _tell(request: Request, fault: Fault | None) -> None:
    print(f"{request.method} {request.path} {request.range}".rstrip() + (f"  {fault}" if fault else ""), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
