"""`--context NAME=VALUE`."""

import json
from collections.abc import Iterable

import click

from recserve.client.event import FeatureValue

context_option = click.option(
    "--context",
    "context_pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="A context feature. VALUE is a number, a text, or a JSON list of either; a number "
    "in double quotes is a text; a time is in seconds since 1970. May be repeated.",
)


def context_values(pairs: Iterable[str]) -> dict[str, FeatureValue]:
    """The context features that the options name.

    Raises:
        click.BadParameter: One of them has no name.
    """
    return dict(_pair(pair) for pair in pairs)


def _pair(pair: str) -> tuple[str, FeatureValue]:
    name, equals, text = pair.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--context")
    return name, _value(text)


def _value(text: str) -> FeatureValue:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    # Other JSON (true, null, objects) is no feature value: it is a text like any other.
    if isinstance(value, bool) or not isinstance(value, int | float | str | list):
        return text
    return value
