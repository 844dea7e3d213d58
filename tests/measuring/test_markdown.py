"""Results as Markdown, and their places in the document."""

import pytest
from benchmarks.__main__ import BENCHMARKS
from benchmarks.markdown import NoPlace, filled, section, table
from benchmarks.places import DOCUMENT
from benchmarks.result import Result, Table


def test_a_table_has_text_to_the_left_and_figures_to_the_right():
    content = Table(("server", "p50 ms"), [("recserve", "1.00"), ("a|b", "2.00")])
    assert table(content).splitlines() == [
        "| server | p50 ms |",
        "| --- | ---: |",
        "| recserve | 1.00 |",
        "| a\\|b | 2.00 |",
    ]


def test_a_section_has_heading_tables_and_notes():
    result = Result("of a call", tables=[Table(("x",), [("1",)])], notes=["on two cores"])
    assert section("latency", result) == (
        "## latency: of a call\n\n| x |\n| --- |\n| 1 |\n\n- on two cores\n"
    )


def test_a_place_is_filled_again_and_again():
    empty = "a\n<!-- figures: x -->\n<!-- end -->\nb\n<!-- figures: y -->\n<!-- end -->\n"
    once = filled(empty, "x", r"old \1")
    assert r"old \1" in once
    again = filled(once, "x", "new")
    assert again == (
        "a\n<!-- figures: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- figures: y -->\n<!-- end -->\n"
    )


def test_a_missing_place_is_an_error():
    with pytest.raises(NoPlace, match="figures: z"):
        filled("text", "z", "new")


def test_the_document_has_a_place_for_every_benchmark():
    text = DOCUMENT.read_text("utf-8")
    for name in BENCHMARKS:
        assert filled(text, name, "figures")
