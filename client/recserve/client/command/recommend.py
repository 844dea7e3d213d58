"""`recserve recommend`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recserve.client.command.candidate_files import (
    CandidateFile,
    candidates_option,
    read_candidates,
)
from recserve.client.command.connection import Connection
from recserve.client.command.context_values import context_option, context_values
from recserve.client.command.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from recserve.client import Answer

SHARE = click.FloatRange(0, 1)
_CAUSES = {
    "no_model": "no model has been trained yet, so these are the most popular items",
    "engine_unavailable": "the model is not ready, so these are popular items",
    "unknown_user": "nothing is known of this user, so these are popular items",
    "no_candidate_features": "the model needs features of the candidates (--candidates FILE), and "
    "there were none, so these are popular items",
    "deadline": "there was too little time for the model, so these are popular items",
    "catalogue": "there are no more items that may be returned to this user",
    "candidates": "the other candidates are unknown, excluded, filtered out, or seen "
    "(--include-seen)",
}


@click.command()
@click.argument("user")
@click.option(
    "-n", "--num-results", type=click.IntRange(1, 1000), default=10, show_default=True,
    help="Results wanted.",
)  # fmt: skip
@click.option("--exclude", metavar="ITEM", multiple=True, help="Never this item. Repeatable.")
@click.option(
    "--candidate", metavar="ITEM", multiple=True, help="Rank only the candidates. Repeatable."
)
@candidates_option
@click.option(
    "--recent", metavar="ITEM", multiple=True,
    help="An item of this session, oldest first; with it USER may be ''. Repeatable.",
)  # fmt: skip
@click.option(
    "--filter", "condition", metavar="CONDITION", default="",
    help="Only items that it holds for, such as 'genres:Drama AND NOT genres:War'. Comparisons: "
    "= != < <= > >= and : (has); joined by AND, OR, NOT and parentheses.",
)  # fmt: skip
@click.option(
    "--diversity", type=SHARE, default=0.0, show_default=True,
    help="How much variety is wanted, 0 to 1.",
)  # fmt: skip
@click.option(
    "--diversity-by", type=click.Choice(["vectors", "clusters"]), default="vectors",
    show_default=True, help="What makes two items alike: their vectors, or being in one cluster.",
)  # fmt: skip
@click.option(
    "--exploration", type=SHARE, default=0.0, show_default=True,
    help="Share of positions that are drawn by chance, 0 to 1; shows how probable each result was.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Name the past item that speaks most for each.")
@click.option("--include-seen", is_flag=True, help="Items the user acted on may come back.")
@context_option
@click.option("--label", metavar="LABEL", help="Ask the version with this label.")
@click.option("--version", "number", metavar="NUMBER", type=int, help="Ask this version.")
@click.option("--scenario", default="", help="Where the answer is shown, such as home.")
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@json_option
@click.pass_obj
def recommend(
    connection: Connection,
    *,
    user: str,
    num_results: int,
    exclude: tuple[str, ...],
    candidate: tuple[str, ...],
    candidate_path: Path | None,
    recent: tuple[str, ...],
    condition: str,
    diversity: float,
    diversity_by: str,
    exploration: float,
    explain: bool,
    include_seen: bool,
    context_pairs: tuple[str, ...],
    label: str | None,
    number: int | None,
    scenario: str,
    model: str,
    as_json: bool,
) -> None:
    """Rank items for USER, best first.

    \b
    recserve recommend user-42 -n 5 --exclude item-7 --context hour=14
    recserve recommend user-42 --candidate item-1 --candidate item-2 --json
    recserve recommend user-42 --candidates pairs.csv
    recserve recommend user-42 --diversity 0.3 --explain
    recserve recommend user-42 --filter 'kind = "book" AND price < 20'
    """
    if candidate and candidate_path:
        raise click.UsageError("give --candidate or --candidates, not both")
    given = CandidateFile(candidate, None)
    if candidate_path is not None:
        given = read_candidates(candidate_path)
    with connection.client() as client:
        answer = client.recommend(
            user,
            num_results=num_results,
            exclude_item_ids=exclude,
            candidate_item_ids=given.item_ids or None,
            candidate_features=given.features,
            recent_item_ids=recent,
            filter=condition,
            diversity=diversity,
            diversity_by=diversity_by,
            exploration=exploration,
            explain=explain,
            include_seen=include_seen,
            context=context_values(context_pairs),
            model_label=label,
            model_version=number,
            scenario=scenario,
            model=model,
            timeout=connection.timeout,
        )
    if as_json:
        print_json(answer)
    else:
        more = {"propensity>": [f"{each.propensity:.4f}" for each in answer]} if exploration else {}
        if explain:
            more["because of"] = [each.because_of_item_id or "-" for each in answer]
        print_answer(answer, more)


def print_answer(answer: "Answer", more: Mapping[str, Sequence[str]] | None = None) -> None:
    """Print an answer for people.

    Args:
        answer: The answer.
        more: Further columns by name, with a cell for each result.
    """
    columns: dict[str, Sequence[str]] = {
        "#>": [str(rank) for rank, _ in enumerate(answer, start=1)],
        "item": answer.item_ids,
        "score>": [f"{result.score:.4f}" for result in answer],
        "reason": [result.reason for result in answer],
        **(more or {}),
    }
    print_table(list(columns), zip(*columns.values(), strict=True))
    for cause in (answer.fallback, answer.shortfall):
        if cause is not None:
            click.echo(f"Note: {_CAUSES.get(cause, cause)}.")
    if answer.missing_item_ids:
        click.echo(f"Unknown candidates: {', '.join(answer.missing_item_ids)}")
    click.echo(
        f"Model version {answer.model_version}, {answer.timing.total_seconds * 1000:.1f} ms, "
        f"recommendation {answer.recommendation_id}"
    )
