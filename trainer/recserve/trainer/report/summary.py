"""The report in a few plain sentences, and a few figures to remember."""

from __future__ import annotations

import math
from dataclasses import dataclass

from recserve.trainer.report import figures
from recserve.trainer.report.metrics import LOWER_IS_BETTER, headline, title
from recserve.v1 import model_pb2

TIMES = "\N{MULTIPLICATION SIGN}"
HOLDOUTS = {
    model_pb2.HOLDOUT_KIND_TIME: "the latest events, after all that it learned from",
    model_pb2.HOLDOUT_KIND_LEAVE_LAST_OUT: "the last event of each user",
    model_pb2.HOLDOUT_KIND_RANDOM: "a random share of the rows",
}


@dataclass(frozen=True)
class Tile:
    """A figure to remember."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Summary:
    """The section."""

    tone: str
    """"good", "even", "bad", or "unknown" where nothing was measured."""
    verdict: str
    paragraphs: list[str]
    tiles: list[Tile]


def of(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion | None) -> Summary:
    """The section."""
    evaluation = version.evaluation
    measured = [metric for metric in evaluation.metrics if math.isfinite(metric.value)]
    paragraphs = []
    if measured:
        first = headline(measured)
        tone, verdict = _verdict(first)
        paragraphs.append([_comparison(first, tone), *_recall(measured)])
        paragraphs.append(_known_users(evaluation))
        stable = evaluation.stable_version
        paragraphs.append([_holdout(evaluation), *_beside_stable(first, stable)])
    else:
        tone, verdict = "unknown", "Its quality could not be measured"
        paragraphs.append(["The holdout has no event that a recommendation could be right about."])
    paragraphs += [_warm_start(version, base), _data(version.cleaning)]
    told = [" ".join(sentences) for sentences in paragraphs if sentences]
    return Summary(tone, verdict, told, _tiles(version, measured))


def _verdict(metric: model_pb2.Metric) -> tuple[str, str]:
    if not metric.HasField("baseline"):
        return "unknown", "Measured, with nothing to compare it with"
    sign = _sign(
        metric.baseline - metric.value if _is_loss(metric) else metric.value - metric.baseline
    )
    if metric.HasField("ratio_interval"):
        low, high = metric.ratio_interval.low, metric.ratio_interval.high
        if _is_loss(metric):
            low, high = 1 / high, 1 / low
        if low > 1:
            return "good", "Clearly better than popularity"
        if high < 1:
            return "bad", "Clearly worse than popularity"
        return "even", "Not clearly different from popularity"
    words = {1: "Better than", 0: "The same as", -1: "Worse than"}
    return ("good", "even", "bad")[1 - sign], f"{words[sign]} popularity on this holdout"


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _is_loss(metric: model_pb2.Metric) -> bool:
    return metric.name in LOWER_IS_BETTER


def _comparison(metric: model_pb2.Metric, tone: str) -> str:
    name, value = title(metric.name), figures.figure(metric.value)
    if not metric.HasField("baseline"):
        return f"Its {name} is {value}."
    popular = figures.figure(metric.baseline)
    told = f"Its {name} is {value}; that of a list of what is popular is {popular}"
    if "@" in metric.name and metric.baseline > 0:
        told += f", so it is {metric.value / metric.baseline:.2f} times as good"
    if not metric.HasField("ratio_interval"):
        return f"{told}. How certain that is was not measured."
    low, high = metric.ratio_interval.low, metric.ratio_interval.high
    meaning = {
        "good": "the difference is hardly chance",
        "bad": "the difference is hardly chance",
        "even": "with 1 in it, the difference may be chance",
    }[tone]
    return f"{told}. The 95 % interval of their ratio is {low:.2f} to {high:.2f}: {meaning}."


def _recall(measured: list[model_pb2.Metric]) -> list[str]:
    for metric in measured:
        if metric.name == "recall@10":
            beside = ""
            if metric.HasField("baseline"):
                beside = f" (popularity: {figures.percent(metric.baseline)})"
            found = figures.percent(metric.value)
            return [f"Of what users went on to choose, {found} was among its ten{beside}."]
    return []


def _known_users(evaluation: model_pb2.Evaluation) -> list[str]:
    """Who has no history gets what is popular, from this version too."""
    by_name = {segment.name: segment for segment in evaluation.segments}
    new, known = by_name.get("new_users"), by_name.get("known_users")
    if new is None or known is None or not known.metrics:
        return []
    metric = headline(known.metrics)
    told = (
        f"{new.user_count:,} of these users have no history and get what is popular; of the "
        f"{known.user_count:,} others alone {title(metric.name)} is {figures.figure(metric.value)}"
    )
    if metric.HasField("baseline"):
        told += f", and {figures.figure(metric.baseline)} with what is popular"
    if metric.HasField("ratio_interval"):
        low, high = metric.ratio_interval.low, metric.ratio_interval.high
        ratio = metric.value / metric.baseline
        told += f": {ratio:.2f} times as good ({low:.2f} to {high:.2f})"
    return [f"{told}."]


def _holdout(evaluation: model_pb2.Evaluation) -> str:
    kind = HOLDOUTS.get(evaluation.holdout, "events that it did not learn from")
    return (
        f"Measured on {evaluation.holdout_event_count:,} events of "
        f"{evaluation.holdout_user_count:,} users: {kind}."
    )


def _beside_stable(metric: model_pb2.Metric, stable: int) -> list[str]:
    if not stable:
        return []
    if not metric.HasField("stable"):
        return [f"Version {stable} could not be measured beside it."]
    value = figures.figure(metric.stable)
    return [f"Version {stable}, on the same events, has {title(metric.name)} {value}."]


def _warm_start(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion | None) -> list[str]:
    if not version.lineage.base_version:
        return []
    told = f"It started from the weights of version {version.lineage.base_version}"
    if base is not None and base.training_seconds > 0:
        share = figures.percent(version.training_seconds / base.training_seconds)
        return [f"{told}, and took {share} of the time that version took."]
    return [f"{told}."]


def _data(cleaning: model_pb2.CleaningReport) -> list[str]:
    sentences = []
    if cleaning.rows_read:
        kept = figures.percent(cleaning.rows_kept / cleaning.rows_read)
        sentences.append(f"Cleaning kept {kept} of {cleaning.rows_read:,} rows.")
    for verdict, word in (
        (model_pb2.CHECK_VERDICT_FAILED, "failed, and was allowed to"),
        (model_pb2.CHECK_VERDICT_WARNED, "warns"),
    ):
        sentences += [
            f"The check “{figures.words(check.name)}” {word}."
            for check in cleaning.checks
            if check.verdict == verdict
        ]
    return sentences


def _tiles(version: model_pb2.ModelVersion, measured: list[model_pb2.Metric]) -> list[Tile]:
    tiles = []
    if measured:
        first = headline(measured)
        note = ""
        if first.HasField("interval"):
            note = f"95 %: {figures.interval(first.interval)}"
        tiles.append(Tile(title(first.name), figures.figure(first.value), note))
        if "@" in first.name and first.baseline > 0:
            note = ""
            if first.HasField("ratio_interval"):
                note = f"95 %: {figures.interval(first.ratio_interval)}"
            tiles.append(
                Tile("against popularity", f"{TIMES} {first.value / first.baseline:.2f}", note)
            )
    lineage = version.lineage
    tiles.append(Tile("events", figures.count(lineage.event_count), "after cleaning"))
    tiles.append(Tile("users", figures.count(lineage.user_count), ""))
    tiles.append(Tile("items", figures.count(lineage.item_count), ""))
    tiles.append(Tile("training", figures.duration(version.training_seconds), "clean to publish"))
    return tiles
