"""Brings in the documents that lie beside docs/, and turns links out of docs/ into ones that lead.

A link to any other file of the tree leads to a copy of it under files/.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""By file beside docs/: its page. The README has a page of its own, which is another text."""
FOLDERS = {"protos/recserve/v1": "reference/protocol.md", "protos": "reference/protocol.md"}
LINK = re.compile(r"(?P<text>\[[^\]]*\]\()(?P<target>(?!https?://|mailto:|#)[^)\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Part of MkDocs: adds the pages, and the files that documents lead to."""
    root = Path(config.config_file_path).parent
    for name, page in PAGES.items():
        if page not in files.src_uris:
            text = _as_if_in_docs((root / name).read_text("utf-8"))
            files.append(File.generated(config, page, content=text))
    for page in list(files.documentation_pages()):
        for match in LINK.finditer(page.content_string):
            path = outside(page.src_uri, match["target"])
            if path and (root / path).is_file() and path not in PAGES:
                uri = f"files/{path}"
                if uri not in files.src_uris:
                    files.append(File.generated(config, uri, content=(root / path).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Part of MkDocs: changes the links of a page."""
    here = posixpath.dirname(page.file.src_uri) or "."

    def led(match: re.Match[str]) -> str:
        path = outside(page.file.src_uri, match["target"])
        if path is None:
            return match[0]
        anchor = match["target"].partition("#")[1:]
        target = {**PAGES, **FOLDERS}.get(path, f"files/{path}")
        return f"{match['text']}{posixpath.relpath(target, here)}{''.join(anchor)})"

    return LINK.sub(led, markdown)


def outside(page: str, target: str) -> str | None:
    """The path in the tree that a link of a page leads to, if that is not in docs/."""
    file = target.partition("#")[0]
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), file))
    return None if not file or path.startswith("docs/") or path == "docs" else path.rstrip("/")


def _as_if_in_docs(text: str) -> str:
    """The links of a document beside docs/, as they are from within."""

    def moved(match: re.Match[str]) -> str:
        target = match["target"]
        inside = target.removeprefix("docs/") if target.startswith("docs/") else f"../{target}"
        return f"{match['text']}{inside})"

    return LINK.sub(moved, text)
