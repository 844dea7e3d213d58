"""Shows parts of the examples as they are: `<!-- code: examples/guides/shop.py main -->`.

Without a name the whole file is shown. A file or a function that is not there is an error, so that
a guide never shows what nobody runs.
"""

import ast
import re
from pathlib import Path
from typing import Any

DIRECTIVE = re.compile(r"^<!-- code: (?P<path>\S+)(?: (?P<names>[\w ]+?))? -->$", re.M)


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    """Part of MkDocs: puts the code in."""
    root = Path(config.config_file_path).parent

    def block(match: re.Match[str]) -> str:
        path = root / match["path"]
        names = (match["names"] or "").split()
        source = path.read_text("utf-8")
        code = "\n\n\n".join(part(source, name) for name in names) if names else source
        title = f'title="{match["path"]}"'
        return f"```{path.suffix[1:].replace('py', 'python')} {title}\n{code.rstrip()}\n```"

    return DIRECTIVE.sub(block, markdown)


def part(source: str, name: str) -> str:
    """The source of one function, class or value of a module.

    Raises:
        LookupError: The module has none of that name.
    """
    for node in ast.parse(source).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        names = [getattr(node, "name", ""), *(getattr(each, "id", "") for each in targets)]
        if name in names:
            return ast.get_source_segment(source, node) or ""
    raise LookupError(f"there is no {name!r}")
