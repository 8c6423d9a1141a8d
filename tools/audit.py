"""Known vulnerabilities of the locked dependencies, by pip-audit, where it reaches its data; it says so where not.

    python tools/audit.py requirements-dev.txt

The exit code is 0 when all were looked up and none is known to be vulnerable, 1 for vulnerabilities, 3 when some could
not be looked up: pip-audit itself passes over those.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

SERVICES = ("pypi", "osv")  # the first that can be asked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", help="a file in which every requirement has hashes")
    file = parser.parse_args().requirements
    reasons = {}
    for service in SERVICES:
        found, reasons[service] = _ask(service, file)
        if found is not None:
            return _tell(found, service)
    for service, reason in reasons.items():
        print(f"{service}: {reason}", file=sys.stderr)
    print(f"Nothing of {file} was audited: no data of vulnerabilities can be reached from here.", file=sys.stderr)
    return 3


def _ask(service: str, file: str) -> tuple[list[dict[str, Any]] | None, str]:
    """What the service knows of each dependency; None, and why, where it knows none of them."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", file, "--require-hashes", "--disable-pip"]
    command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "15"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None, (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
    skipped = [each["skip_reason"] for each in found if "skip_reason" in each]
    return (None, skipped[0]) if len(skipped) == len(found) else (found, "")


def _tell(found: list[dict[str, Any]], service: str) -> int:
    skipped = [each for each in found if "skip_reason" in each]
    rows = [(each, vulnerability) for each in found for vulnerability in each.get("vulns", ())]
    for each, vulnerability in rows:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
        print(f"{each['name']} {each['version']}: {vulnerability['id']}, mended in {fixed}")
    for each in skipped:
        print(f"{each['name']}: not audited: {each['skip_reason']}", file=sys.stderr)
    print(f"{len(found) - len(skipped)} of {len(found)} audited with {service}; {len(rows)} vulnerabilities.")
    return 1 if rows else 3 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
