"""Fail if a test was skipped, or expected to fail, without leave.

A skipped test is green and shows nothing. On a developer's machine that is a convenience; in
CI it would hide that part of the product went untested.

Usage: python .ci/skips.py JUNIT_XML
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ALLOWED: dict[str, str] = {}
"""By the beginning of the reason that a skip gives: why CI may do without that test."""


def unallowed_skips(report: Path) -> list[str]:
    """Name every test of a pytest report that was skipped without leave, and its reason."""
    return [
        f"{case.get('classname')}::{case.get('name')}: {skip.text or skip.get('message')}"
        for case in cases(report)
        for skip in case.findall("skipped")
        if not (skip.get("message") or "").startswith(tuple(ALLOWED))
    ]


def cases(report: Path) -> list[ET.Element]:
    """List the tests of a report."""
    return list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest has just written it


def main() -> int:
    """Print what was skipped; 1 if anything was."""
    report = Path(sys.argv[1])
    skipped = unallowed_skips(report)
    for line in skipped:
        print(f"skipped: {line}", file=sys.stderr)
    if skipped:
        print(f"{len(skipped)} skips without leave; allowed: {ALLOWED or None}", file=sys.stderr)
        return 1
    print(f"all {len(cases(report))} tests ran")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
