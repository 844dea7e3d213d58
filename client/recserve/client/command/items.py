"""`recserve items`."""

import json
import sys
from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.output import json_option, print_json, print_table, shown_time
from recserve.client.command.record_files import (
    FileRecord,
    RecordFile,
    file_argument,
    format_option,
    strings_option,
    text_option,
)
from recserve.client.command.shown_features import shown_features
from recserve.client.command.upserting import upsert

if TYPE_CHECKING:
    from recserve.client import UpsertReceipt


@click.group()
def items() -> None:
    """Describe what can be recommended, and take it out again.

    \b
    recserve items upsert items.jsonl
    recserve items get item-7
    recserve items delete item-7 --yes
    """


@items.command(name="upsert")
@file_argument
@format_option
@text_option
@strings_option
@json_option
@click.pass_obj
def upsert_items(
    connection: Connection,
    *,
    path: str,
    file_format: str | None,
    text_columns: tuple[str, ...],
    strings_columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add the items of FILE (- for the standard input), or replace those that are there.

    A line of JSON is an item, as `recserve items get --json` shows it. A CSV file has a header
    with the column item_id, perhaps available, and a column for each feature; an empty cell is
    unknown, a number is one, a JSON list is a list. An item is replaced as a whole. Up to 1000
    items go together, all or none, and every later answer knows of them.

    \b
    echo '{"item_id": "tea", "features": {"price": 2.5}, "available": true}' > items.jsonl
    recserve items upsert items.jsonl
    recserve items upsert movies.csv --text title --strings genres
    """
    from recserve.client import Item

    file = RecordFile(
        path=path,
        id_field="item_id",
        fields=frozenset({"available", "update_time"}),
        file_format=file_format,
        text_columns=text_columns,
        strings_columns=strings_columns,
    )
    with connection.client() as client:

        def send(records: list[FileRecord]) -> "UpsertReceipt":
            put = [Item(each.record_id, each.features, each.available) for each in records]
            return client.upsert_items(put, timeout=connection.timeout)

        upsert(file, send, as_json=as_json)


@items.command()
@click.argument("item")
@json_option
@click.pass_obj
def get(connection: Connection, *, item: str, as_json: bool) -> None:
    """Show what the catalogue knows of ITEM.

    \b
    recserve items get item-7 --json
    """
    with connection.client() as client:
        found = client.item(item, timeout=connection.timeout)
    if as_json:
        print_json(found)
        return
    facts = [
        ("item", found.item_id),
        ("available", "yes" if found.available else "no"),
        ("updated", shown_time(found.update_time)),
    ]
    print_table(["field", "value"], facts + shown_features(found.features))


@items.command()
@click.argument("item_ids", metavar="ITEM...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(connection: Connection, *, item_ids: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Delete each ITEM: no later answer has it. What was done with it stays in the event log.

    \b
    recserve items delete item-7 item-8 --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("features are deleted for good: say --yes")
        click.confirm(f"Delete {len(item_ids)} items?", abort=True)
    with connection.client() as client:
        deleted = client.delete_items(item_ids, timeout=connection.timeout)
    if as_json:
        click.echo(json.dumps({"deleted_count": deleted}))
    else:
        click.echo(f"{deleted:,} of {len(item_ids):,} were there and are deleted.")
