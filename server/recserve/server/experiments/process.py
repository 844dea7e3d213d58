"""The main program of a comparison: `python -m recserve.server.experiments.process DESCRIPTOR`.

A process of its own, so that a million answers do not hold up those who are being answered. It
reads one JSON object from standard input (`events`, a URL, and `order`), and writes one to
standard output: `compared` or `error`. The descriptor is its end of a socket whose other end the
front end holds: when the front end dies, it ends too.
"""

import json
import sys
from typing import Any

from recserve.server.control import ChildControl
from recserve.server.database import open_database
from recserve.server.error_messages import error_to_message
from recserve.server.errors import RecserveServerError
from recserve.server.experiments.order import Compared, ComparisonOrder
from recserve.server.experiments.reading import read_comparison
from recserve.server.priority import lower_priority
from recserve.server.schema import schema_from_json


def main() -> int:
    """Compare, and print it."""
    lower_priority()
    ChildControl(int(sys.argv[1]), lambda _message: None).start()
    asked: dict[str, Any] = json.load(sys.stdin)
    try:
        compared = compare(asked["events"], ComparisonOrder(**asked["order"]))
    except RecserveServerError as error:
        print(json.dumps({"error": error_to_message(error)}))
        return 1
    print(json.dumps({"compared": compared.to_plain()}))
    return 0


def compare(events: str, order: ComparisonOrder) -> Compared:
    """Do what an order says.

    Args:
        events: URL of the event log.
        order: What is asked for.

    Raises:
        Unavailable: the database cannot be read.
    """
    database = open_database(events, must_exist=True)
    try:
        comparison = read_comparison(
            database,
            schema_from_json(order.schema),
            since=order.since,
            until=order.until,
            event_types=order.event_types,
            positions=order.positions,
        )
    finally:
        database.close()
    return Compared(*comparison.standings(order.baseline, order.versions))


if __name__ == "__main__":
    raise SystemExit(main())
