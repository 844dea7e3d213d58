"""The project's Markdown: its documents, their fenced blocks, their links.

Blocks are told apart by what stands behind the fence, as docs/development.md says.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>[^\n`]*)\n(?P<text>.*?)^(?P=indent)``` *$", re.M | re.S
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:|#)(?P<target>[^)#\s]+)[^)]*\)")
OPERATORS = frozenset({"|", "||", "&&", "&", ";"})


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    place: str
    """Document and line of its first line."""
    kind: str
    """What stands behind the fence, such as "python run"."""
    text: str


def documents() -> list[Path]:
    """List every document of the project, by path."""
    folders = ("docs", "examples", "deploy", "benchmarks")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    below = [path for path in found if not _is_generated(path)]
    return sorted([*ROOT.glob("*.md"), *below])


def _is_generated(path: Path) -> bool:
    """Results and virtual environments of the benchmarks are no documents of ours."""
    parts = path.relative_to(ROOT).parts
    return "results" in parts or any(part.startswith(".") for part in parts)


def blocks(document: Path, kind: str = "") -> list[Block]:
    """List the fenced blocks of a document, or those of one kind."""
    text = document.read_text("utf-8")
    name = document.relative_to(ROOT) if document.is_relative_to(ROOT) else document
    found = [
        Block(
            f"{name}:{text.count(chr(10), 0, match.start('text')) + 1}",
            match["kind"].strip(),
            re.sub(f"^{match['indent']}", "", match["text"], flags=re.M),
        )
        for match in FENCE.finditer(text)
    ]
    return [block for block in found if not kind or block.kind == kind]


def links(document: Path) -> list[str]:
    """List the files that a document points to, as it writes them."""
    prose = FENCE.sub("", document.read_text("utf-8"))
    return [match["target"] for match in LINK.finditer(prose)]


def commands(block: Block) -> Iterator[list[str]]:
    """Yield each simple command of a console block: what stands behind a `$ `."""
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith("$ "):
            yield from _simple_commands(line[2:])


def _simple_commands(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in OPERATORS:
            words.append(word)
        elif words:
            yield words
            words = []
