"""`recserve users`."""

import sys
from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.output import (
    json_option,
    print_json,
    print_table,
    shown_choice,
    shown_time,
)
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
    from recserve.client import ErasureReceipt, UpsertReceipt


@click.group()
def users() -> None:
    """Describe users, and erase them.

    \b
    recserve users upsert users.csv
    recserve users get user-42
    recserve users join session-7 user-42
    recserve users delete user-42
    """


@users.command(name="upsert")
@file_argument
@format_option
@text_option
@strings_option
@json_option
@click.pass_obj
def upsert_users(
    connection: Connection,
    *,
    path: str,
    file_format: str | None,
    text_columns: tuple[str, ...],
    strings_columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add the users of FILE (- for the standard input), or replace those that are there.

    A line of JSON is a user, as `recserve users get --json` shows it. A CSV file has a header
    with the column user_id and a column for each feature; an empty cell is unknown, a number is
    one, a JSON list is a list. A user's features are replaced as a whole. Up to 1000 users go
    together, all or none, and every later answer knows of them.

    \b
    echo '{"user_id": "user-42", "features": {"age": 30}}' > users.jsonl
    recserve users upsert users.jsonl
    recserve users upsert users.csv --text zip
    """
    from recserve.client import User

    file = RecordFile(
        path=path,
        id_field="user_id",
        fields=frozenset({"update_time"}),
        file_format=file_format,
        text_columns=text_columns,
        strings_columns=strings_columns,
    )
    with connection.client() as client:

        def send(records: list[FileRecord]) -> "UpsertReceipt":
            put = [User(each.record_id, each.features) for each in records]
            return client.upsert_users(put, timeout=connection.timeout)

        upsert(file, send, as_json=as_json)


@users.command()
@click.argument("user")
@json_option
@click.pass_obj
def get(connection: Connection, *, user: str, as_json: bool) -> None:
    """Show what the catalogue knows of USER.

    \b
    recserve users get user-42 --json
    """
    with connection.client() as client:
        found = client.user(user, timeout=connection.timeout)
    if as_json:
        print_json(found)
        return
    facts = [("user", found.user_id), ("updated", shown_time(found.update_time))]
    print_table(["field", "value"], facts + shown_features(found.features))


@users.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(connection: Connection, *, user: str, yes: bool, as_json: bool) -> None:
    """Erase USER for good: features, events and answers, and their traces in the database's files.

    Prints the receipt, which names the versions that learned from the user's events. An unknown
    user gets one too. It may be repeated: the receipt has the same id.

    \b
    recserve users delete user-42
    recserve --timeout 600 users delete user-42 --yes --json
    """
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("erasing is for good: say --yes")
        click.confirm(f"Erase user {user}, with every event and answer, for good?", abort=True)
    with connection.client() as client:
        receipt = client.delete_user(user, timeout=connection.timeout or 60.0)
    if as_json:
        print_json(receipt)
    else:
        _print_receipt(receipt)


@users.command()
@click.argument("visitor")
@click.argument("user")
@json_option
@click.pass_obj
def join(connection: Connection, *, visitor: str, user: str, as_json: bool) -> None:
    """Join VISITOR, such as an anonymous session, to USER who has logged in.

    What the visitor did, and what still comes under that id, is the user's from then on. It may
    be repeated.

    \b
    recserve users join session-7 user-42
    """
    with connection.client() as client:
        receipt = client.join_users(visitor, user, timeout=connection.timeout or 10.0)
    if as_json:
        print_json(receipt)
        return
    click.echo(f"{receipt.joined_event_count:,} events of {visitor} are {receipt.user_id}'s now")


def _print_receipt(receipt: "ErasureReceipt") -> None:
    facts = [
        ("receipt", receipt.receipt_id),
        ("events erased", f"{receipt.deleted_event_count:,}"),
        ("complete", shown_time(receipt.complete_time)),
        ("versions trained on the user", _listed(receipt.model_versions)),
        ("trainings at work", _listed(receipt.training_runs)),
    ]
    print_table(["field", "value"], facts)
    if receipt.model_versions or receipt.training_runs:
        mode = shown_choice(receipt.retraining_mode)
        click.echo(
            f"`recserve train --mode {mode}` makes a version without the user; "
            "`recserve models delete` removes those that are no longer needed."
        )


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers)) or "none"
