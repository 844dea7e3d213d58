"""The decision record that names every thread of the server names every thread."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs" / "adr" / "0011-processes-and-threads.md"
MAKERS = {"Thread": "name", "Timer": "name", "ThreadPoolExecutor": "thread_name_prefix"}
DEFAULT_POOL = "asyncio"


def thread_names(source: str) -> Iterator[str]:
    """Yield the name of each thread or pool that the source makes, "" for one without."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in MAKERS:
                yield _name(node, MAKERS[called])
            elif called == "to_thread":
                yield DEFAULT_POOL


def _name(call: ast.Call, keyword: str) -> str:
    given = [argument.value for argument in call.keywords if argument.arg == keyword]
    if keyword == "thread_name_prefix":
        given += call.args[1:2]
    if not given:
        return ""
    first = given[0].values[0] if isinstance(given[0], ast.JoinedStr) else given[0]
    return str(first.value).rstrip("-") if isinstance(first, ast.Constant) else ""


def test_every_thread_of_the_server_is_in_the_record_of_threads():
    record = RECORD.read_text()
    files = sorted((ROOT / "server").rglob("*.py"))
    made = [(path.name, name) for path in files for name in thread_names(path.read_text())]
    assert made
    assert [(path, name) for path, name in made if f"`{name}`" not in record] == []


def test_threads_are_seen_with_and_without_a_name():
    source = """
threading.Thread(target=f)
Thread(target=f, name="writer", daemon=True)
threading.Thread(target=f, name=f"reader-{n}")
ThreadPoolExecutor(4, "loader")
futures.ThreadPoolExecutor(thread_name_prefix="pool-")
asyncio.to_thread(f)
"""
    assert list(thread_names(source)) == ["", "writer", "reader", "loader", "pool", "asyncio"]
