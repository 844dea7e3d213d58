"""The report in a real browser: it loads nothing, complains of nothing, and all of it is seen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from recserve.trainer.report import render
from trainer.report import browser as browsers
from trainer.report import versions

pytestmark = pytest.mark.integration

SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"
SCREENS = {"wide": (1280, "light"), "phone": (360, "dark")}
VERSIONS = {
    "whole": lambda: render(versions.whole(), versions.whole(2), [versions.comparison()]),
    "hostile": lambda: render(
        versions.hostile(), versions.hostile(), [versions.hostile_comparison()]
    ),
    "bare": lambda: render(versions.bare()),
}
OUTSIDE = """
    () => [...document.querySelectorAll('svg *, h1, h2, h3, h4, p, figcaption, .tiles *, .badge')]
      .filter(seen => seen.checkVisibility() && !seen.closest('.scroll, .hidden, title'))
      .map(seen => [seen.textContent.trim().slice(0, 60), seen.getBoundingClientRect()])
      .filter(([_, box]) => box.left < 0 || box.right > innerWidth)
      .map(([text, box]) => `${text}: ${box.left} to ${box.right}`)
"""
SIZES = """
    () => [...document.querySelectorAll('svg')]
      .filter(plot => plot.checkVisibility())
      .map(plot => plot.getBoundingClientRect())
      .map(box => [box.width, box.height])
"""


@dataclass
class Opened:
    """A page that is open, and what happened while it opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.opened() as browser:
        yield browser


def opened(browser: Browser, path: Path, screen: str, *, bypass_csp: bool = False) -> Opened:
    """Opens a page on a screen, with every part of it unfolded."""
    width, scheme = SCREENS[screen]
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=bypass_csp
    )
    found = Opened(page)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    return found


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", VERSIONS)
def test_the_page_stands_by_itself_and_fits_the_screen(
    name: str, screen: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(VERSIONS[name](), encoding="utf-8")
    found = opened(browser, path, screen)
    page = found.page

    assert page.title().endswith(": training report")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(OUTSIDE) == []
    sizes = page.evaluate(SIZES)
    assert all(width > 40 and height > 4 for width, height in sizes)
    assert len([width for width, height in sizes if height > 100]) >= (0 if name == "bare" else 12)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    shot = page.screenshot(full_page=True, path=SCREENSHOTS / f"report-{name}-{screen}.png")
    assert shot.startswith(b"\x89PNG")
    assert found.requests == [path.as_uri()]
    assert found.complaints == []
    page.close()


def test_it_follows_the_light_and_the_dark(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(VERSIONS["whole"](), encoding="utf-8")
    page = opened(browser, path, "wide").page
    looks = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        looks.append(
            page.evaluate(
                "[getComputedStyle(document.body).backgroundColor,"
                " getComputedStyle(document.querySelector('svg text')).fill]"
            )
        )
    page.close()

    (light, dark_ink), (dark, light_ink) = looks
    assert light != dark
    assert dark_ink != light_ink


@pytest.mark.parametrize("screen", SCREENS)
def test_it_is_accessible(screen: str, browser: Browser, tmp_path: Path) -> None:
    """By the rules of WCAG 2.1 AA that a program can judge: contrast, names, structure."""
    path = tmp_path / "report.html"
    path.write_text(VERSIONS["whole"](), encoding="utf-8")
    page = opened(browser, path, screen, bypass_csp=True).page

    result = Axe().run(page)
    page.close()

    assert result.violations_count == 0, result.generate_report()
