"""The checks of the documents see what they are there to see."""

import click
import pytest

from docs.markdown import Block, blocks, commands, links
from docs.usage import misuse


@click.group()
def tool():
    """A command with a group below it."""


@tool.command()
@click.argument("path", type=click.Path(exists=True))
@click.option("--count", type=click.IntRange(1, 10))
@click.option("--mode", type=click.Choice(["full", "warm-start"]))
@click.option("--store", required=True)
@click.option("--json", "as_json", is_flag=True)
def fit(path, count, mode, store, as_json):
    """A command with one of everything."""


@pytest.mark.parametrize(
    "line", ["fit data --store s", "fit --count 3 --store=s data --json", "--help", "fit --help"]
)
def test_a_good_command_line_is_accepted(line):
    assert misuse(tool, line.split()) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "names no command"),
        ("fly", "there is no command 'fly'"),
        ("fit data --store s --speed 3", "--speed"),
        ("fit data", "store"),
        ("fit --store s", "path"),
        ("fit data --store s more", "'more'"),
        ("fit data --store s --count 11", "11"),
        ("fit data --store s --mode half", "half"),
        ("fit data --store", "--store"),
    ],
)
def test_a_bad_command_line_is_refused(line, reason):
    assert reason.lower() in str(misuse(tool, line.split())).lower()


def test_blocks_are_found_with_their_kind_and_place(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text\n\n```python run\na = 1\n```\n\n- item\n\n  ```toml\n  b = 2\n  ```\n")
    found = [(block.kind, block.text) for block in blocks(page)]
    assert found == [("python run", "a = 1\n"), ("toml", "b = 2\n")]
    assert [block.place for block in blocks(page, "python run")] == [f"{page}:4"]


def test_commands_are_found_behind_the_prompt_across_lines_and_pipes():
    text = "$ a --b 'c d' \\\n    e | f & g  # why\nits output\n$ h\n"
    found = list(commands(Block("here", "console", text)))
    assert found == [["a", "--b", "c d", "e"], ["f"], ["g"], ["h"]]


def test_links_to_the_web_and_inside_a_page_are_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](https://example.com) [b](#part) [c](other.md#part) [d](../e.md)")
    assert links(page) == ["other.md", "../e.md"]
