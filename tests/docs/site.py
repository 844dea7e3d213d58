"""The built site as a reader meets it: its pages, their words, and where they lead."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
KINDS_OF_LINK = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload"}


@dataclass
class SitePage:
    """One page."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    """What a browser loads by itself."""
    text: str = ""

    def has(self, words: str) -> bool:
        """Whether it says this, whatever the marks and spaces."""
        return letters(words) in letters(self.text)


def letters(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]", "", text)


def read(site: Path) -> dict[str, SitePage]:
    """Read every page of a site, by its path in it."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        reader = _Reader(SitePage(path))
        reader.feed(path.read_text("utf-8"))
        pages[str(path.relative_to(site))] = reader.page
    return pages


def broken(page: SitePage, pages: dict[Path, SitePage]) -> list[str]:
    """The links of a page that lead to no file, or to no place in it."""
    found = []
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        anchors = pages[target].anchors if target in pages else {""}
        if not target.is_file() or (
            unquote(parts.fragment) and target in pages and unquote(parts.fragment) not in anchors
        ):
            found.append(link)
    return found


class _Reader(HTMLParser):
    def __init__(self, page: SitePage) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given:
            self.page.loaded.append(given[LOADED[tag]])
        if tag == "link" and KINDS_OF_LINK & set(given.get("rel", "").split()):
            self.page.loaded.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.page.text += data
