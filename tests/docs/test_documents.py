"""What the documents say can be done: snippets compile, commands exist, links lead somewhere."""

import re
from pathlib import Path

import pytest

from docs.markdown import ROOT, blocks, commands, documents, links
from docs.usage import NAMES, misuse, our_command

UNCHECKED_SHELLS = {"", "bash", "sh", "shell", "shell-session"}


def of_kind(*kinds: str):
    return [block for path in documents() for kind in kinds for block in blocks(path, kind)]


def in_image(words: list[str]) -> list[str]:
    """Replace `docker run OPTIONS recserve:TAG WORDS` by what it runs in the container."""
    image = next((i for i, word in enumerate(words) if re.fullmatch(r"recserve:\w+", word)), None)
    if words[:2] != ["docker", "run"] or image is None:
        return words
    entrypoint = "recserve-server"
    if "--entrypoint" in words[:image]:
        entrypoint = words[words.index("--entrypoint") + 1]
    return [entrypoint, *words[image + 1 :]]


def test_every_block_says_what_it_holds():
    """And commands are in console blocks, where they are checked."""
    found = [block for path in documents() for block in blocks(path)]
    assert found
    assert [block.place for block in found if block.kind in UNCHECKED_SHELLS] == []


def test_python_blocks_compile():
    found = of_kind("python", "python run")
    assert found
    for block in found:
        compile(block.text, block.place, "exec")


def test_commands_of_ours_exist_with_their_options():
    found = [(block, in_image(words)) for block in of_kind("console") for words in commands(block)]
    ours = [(block, words) for block, words in found if Path(words[0]).name in NAMES]
    assert ours
    problems = [
        f"{block.place}: {' '.join(words)}: {problem}"
        for block, words in ours
        if (problem := misuse(our_command(Path(words[0]).name), words[1:]))
    ]
    assert problems == []


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    found = [words for block in of_kind("console") for words in commands(block)]
    asked = [word for words in found if words[0] == "make" for word in words[1:] if "=" not in word]
    assert asked
    assert [target for target in asked if target not in targets] == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(document):
    missing = [target for target in links(document) if not (document.parent / target).exists()]
    assert missing == []


def test_decision_records_are_numbered_and_listed():
    folder = ROOT / "docs" / "adr"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text()
    assert [int(name[:4]) for name in records] == list(range(len(records)))
    assert [name for name in records if f"({name})" not in index] == []
