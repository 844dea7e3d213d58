"""The report says what the manifest holds, leaves out what it lacks, and lets nothing in."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from recserve.trainer.report import contenders, distributions, render
from recserve.v1 import model_pb2
from trainer.report import versions

SECTIONS = {
    "summary",
    "metrics",
    "comparisons",
    "segments",
    "calibration",
    "long-tail",
    "clusters",
    "learning",
    "warm-start",
    "data",
    "lineage",
}
VOID = {"meta", "link"}


class Page(HTMLParser):
    """A page as a strict reader sees it: what is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def ids(self) -> list[str]:
        """Every id."""
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    def sections(self) -> set[str]:
        """The ids of the sections."""
        return {attributes["id"] or "" for tag, attributes in self.tags if tag == "section"}


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(versions.whole(), versions.whole(2), [versions.comparison()]))


def test_a_whole_version_has_every_section_and_leads_to_each(page: Page) -> None:
    assert page.sections() == SECTIONS
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert links == {f"#{section}" for section in SECTIONS}
    assert len(page.ids()) == len(set(page.ids()))


def test_what_a_version_lacks_is_left_out() -> None:
    page = Page(render(versions.bare()))

    assert page.sections() == {"summary", "data", "lineage"}
    assert "Its quality could not be measured" in page.text


@pytest.mark.parametrize(
    "field", [field.name for field in model_pb2.ModelVersion.DESCRIPTOR.fields]
)
def test_a_version_may_lack_anything(field: str) -> None:
    version = versions.whole()
    version.ClearField(field)

    assert Page(render(version)).sections() >= {"summary", "data", "lineage"}


def test_figures_that_are_no_numbers_are_no_matter() -> None:
    version = versions.whole()
    for curve in version.learning_curves:
        curve.start_loss = float("nan")
        curve.passes[0].loss = float("inf")
    version.evaluation.metrics[0].value = float("nan")
    version.evaluation.metrics[1].interval.high = float("inf")
    version.evaluation.metrics[2].baseline = float("nan")
    version.evaluation.calibration.bins[0].mean_score = float("nan")

    html = render(version)

    assert Page(html).sections() == SECTIONS - {"warm-start", "comparisons"}
    assert not re.search(r'="[^"]*\b(nan|inf)\b', html)


def test_every_plot_says_what_it_shows_and_its_figures_are_in_a_table(page: Page) -> None:
    plots = [attributes for tag, attributes in page.tags if tag == "svg"]
    spoken = [attributes for attributes in plots if attributes.get("role") == "img"]
    assert len(spoken) > 12
    assert all(attributes["aria-label"] for attributes in spoken)
    assert all("aria-hidden" in each for each in plots if each not in spoken)
    assert sum(tag == "table" for tag, _ in page.tags) >= 8


def test_the_page_loads_nothing_and_says_so_to_the_browser() -> None:
    html = render(versions.whole(), versions.whole(2))
    page = Page(html)
    (policy,) = [
        attributes["content"] or ""
        for _, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed", "video", "audio", "form"}
    assert not {name for _, attributes in page.tags for name in attributes} & {"src", "style"}
    assert [a["href"] for tag, a in page.tags if tag == "link"] == ["data:,"]
    assert not re.search(r"@import|url\(", style)


def test_segments_of_methods_stand_side_by_side() -> None:
    found = contenders.of(versions.comparison().contenders)

    assert found is not None
    assert found.ratios is not None
    assert [mark.row.label for mark in found.ratios.marks] == [
        "against ItemKNN",
        "against EASE",
        "against iALS",
    ]
    ((name, users, values),) = found.segments
    assert (name, users) == ("After the first event", 40)
    assert values == [*(pytest.approx(0.12 - 0.01 * place) for place in range(5)), None]


def test_a_comparison_of_other_data_says_so() -> None:
    comparison = versions.comparison()
    note = "On other data than this version was trained on."
    assert note not in Page(render(versions.whole(), None, [comparison])).text

    comparison.dataset_digest = "00" * 32

    assert note in Page(render(versions.whole(), None, [comparison])).text


def test_distributions_stand_beside_those_of_the_base_version_where_they_fit() -> None:
    base = versions.whole(2)
    del base.cleaning.summary.distributions[1].edges[0]

    found = distributions.of(versions.whole(), base)

    assert [each.name for each in found] == ["event_type", "item.year", "item.genres"]
    kinds, years, genres = (each.shares for each in found)
    assert [(s.name, s.own, s.base) for s in kinds] == [
        ("rating", pytest.approx(0.84), pytest.approx(0.86)),
        ("click", pytest.approx(0.16), pytest.approx(0.14)),
    ]
    assert [s.name for s in years][:2] == ["to 1960", "to 1985"]
    assert [s.name for s in years][-2:] == ["above 2005", "missing"]
    assert {s.base for s in years} == {None}
    assert len(genres) == distributions.MOST_SHARES + 1
    assert sum(s.own for s in genres) == pytest.approx(1.0, abs=0.01)


def test_markup_in_the_data_stays_text() -> None:
    hostile = Page(render(versions.hostile(), versions.hostile(), [versions.hostile_comparison()]))
    honest = Page(render(versions.whole(), versions.whole(2), [versions.comparison()]))

    assert {tag for tag, _ in hostile.tags} <= {tag for tag, _ in honest.tags}
    names = {name for _, attributes in honest.tags for name in attributes}
    assert {name for _, attributes in hostile.tags for name in attributes} <= names
    assert any("<script>alert(1)</script>" in text for text in hostile.text)


def test_a_long_text_from_the_data_is_cut() -> None:
    version = versions.whole()
    version.cleaning.rules[0].examples[0] = "x" * 1_000_000

    assert len(render(version)) < 200_000


def test_the_curves_of_the_base_version_stand_beside_its_own() -> None:
    assert "version 2, which it started from" in "".join(
        Page(render(versions.whole(), versions.whole(2))).text
    )
    assert "which it started from" not in "".join(Page(render(versions.whole())).text)
