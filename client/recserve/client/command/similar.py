"""`recserve similar`."""

import click

from recserve.client.command.connection import Connection
from recserve.client.command.output import json_option, print_json
from recserve.client.command.recommend import print_answer


@click.command()
@click.argument("item")
@click.option(
    "-n", "--num-results", type=click.IntRange(1, 1000), default=10, show_default=True,
    help="Results wanted.",
)  # fmt: skip
@click.option("--exclude", metavar="ITEM", multiple=True, help="Never this item. Repeatable.")
@click.option("--user", metavar="USER", default="", help="Leave out what this user has seen.")
@click.option(
    "--filter", "condition", metavar="CONDITION", default="",
    help="Only items that it holds for, as for `recserve recommend`.",
)  # fmt: skip
@click.option("--label", metavar="LABEL", help="Ask the version with this label.")
@click.option("--version", "number", metavar="NUMBER", type=int, help="Ask this version.")
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@json_option
@click.pass_obj
def similar(
    connection: Connection,
    *,
    item: str,
    num_results: int,
    exclude: tuple[str, ...],
    user: str,
    condition: str,
    label: str | None,
    number: int | None,
    model: str,
    as_json: bool,
) -> None:
    """Rank items by likeness to ITEM, most alike first.

    The score is the cosine of the items' vectors in the model, -1 to 1.

    \b
    recserve similar item-7 -n 5
    recserve similar item-7 --user user-42 --filter 'price < 20' --json
    """
    with connection.client() as client:
        answer = client.similar_items(
            item,
            num_results=num_results,
            exclude_item_ids=exclude,
            user_id=user,
            filter=condition,
            model_label=label,
            model_version=number,
            model=model,
            timeout=connection.timeout,
        )
    if as_json:
        print_json(answer)
    else:
        print_answer(answer)
