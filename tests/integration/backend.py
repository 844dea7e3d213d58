"""A small real server in a process of its own: `python -m integration.backend`.

Prints its address, and stops at the end of its standard input as the real one does at SIGTERM:
health turns to NOT_SERVING, calls in flight finish, new ones are told to go elsewhere.
"""

import sys

from recserve.server.testing import InMemoryServer


def main() -> None:
    with InMemoryServer(item_ids=[f"i{number}" for number in range(50)]) as server:
        print(server.address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
