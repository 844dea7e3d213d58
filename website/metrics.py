"""Makes the table of the metrics, from where the code declares them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARKER = re.compile(r"^<!-- generated: metrics -->$", re.M)
KINDS = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "CounterMetricFamily": "counter",
    "GaugeMetricFamily": "gauge",
}


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    """Part of MkDocs: puts the table in."""
    if not MARKER.search(markdown):
        return markdown
    root = Path(config.config_file_path).parent
    lines = ["| metric | kind | labels | about |", "|---|---|---|---|"]
    for name, kind, labels, about in sorted(declared(root / "server" / "recserve" / "server")):
        words = ", ".join(f"`{label}`" for label in labels)
        lines.append(f"| `{name}` | {kind} | {words} | {about} |")
    return MARKER.sub(lambda _: "\n".join(lines), markdown)


def declared(folder: Path) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Yield name, kind, labels and help of every metric that is made under a folder."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text("utf-8")
        if "prometheus_client" not in source:
            continue
        tree = ast.parse(source)
        for node in ast.walk(tree):
            kind = KINDS.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
            if kind and isinstance(node, ast.Call) and len(node.args) > 1:
                name, about = (ast.literal_eval(each) for each in node.args[:2])
                name += "_total" if kind == "counter" and not name.endswith("_total") else ""
                yield name, kind, _labels(node, tree), about


def _labels(call: ast.Call, module: ast.Module) -> tuple[str, ...]:
    """Read the labels of a declaration: a list, or `list(NamedTuple._fields)`."""
    named = [word.value for word in call.keywords if word.arg in ("labels", "labelnames")]
    given = [*call.args[2:3], *named]
    if not given:
        return ()
    if isinstance(given[0], (ast.List, ast.Tuple)):
        return tuple(ast.literal_eval(given[0]))
    owner = next(node.id for node in ast.walk(given[0]) if getattr(node, "id", "list") != "list")
    (fields,) = (node for node in module.body if getattr(node, "name", "") == owner)
    return tuple(each.target.id for each in fields.body if isinstance(each, ast.AnnAssign))
