"""A browser that is installed already, to look at pages with."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

VARIABLE = "RECSERVE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find(downloaded: str) -> str | None:
    """The program of a browser: the one that is named, one on the PATH, or Playwright's own."""
    if named := os.environ.get(VARIABLE):
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (downloaded if Path(downloaded).is_file() else None)


@contextmanager
def opened() -> Iterator[Browser]:
    """A headless browser; the test is skipped where there is none."""
    with sync_playwright() as playwright:
        program = find(playwright.chromium.executable_path)
        if program is None:
            pytest.skip(
                f"no browser: {VARIABLE} is not set, {', '.join(NAMES)} are not on the PATH, "
                "Playwright has downloaded none; on Debian, `apt-get install chromium` helps"
            )
        browser = playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()
