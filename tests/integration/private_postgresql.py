"""A PostgreSQL server of a test's own, to be stopped and started."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psycopg

Stop = Literal["immediate", "fast"]
"""At once, as when it crashes; or after its transactions are rolled back."""

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "postgres"
"""Who runs it where the tests run as root, whom PostgreSQL refuses."""


@cache
def initdb() -> Path | None:
    """Where PostgreSQL's programs are found, by its `initdb`."""
    on_path = shutil.which("initdb")
    beside = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = [*beside, *([Path(on_path).resolve()] if on_path else [])]
    return found[-1] if found else None


class PrivatePostgresql:
    """A server with the database `postgres`, at a port of 127.0.0.1.

    Args:
        programs: Folder of `pg_ctl`.
        folder: Holds its data; of the user who runs it.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._log = folder / "log"
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = int(free.getsockname()[1])
        # No locale, so its texts are of no known encoding: the least that we may meet.
        self._run("initdb", "--auth=trust", f"--username={OWNER}", "--no-sync", "--no-locale")

    @property
    def address(self) -> str:
        """URL of its database."""
        return f"postgresql://{OWNER}@127.0.0.1:{self._port}/postgres"

    def keep_tables_in(self, folder: Path) -> None:
        """New tables are in a folder from now on, which the server's user can reach."""
        own = folder / "tables"
        own.mkdir()
        if os.geteuid() == 0:
            shutil.chown(own, OWNER)
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{own}'".encode())
            connection.execute("ALTER DATABASE postgres SET default_tablespace = small")

    def start(self) -> None:
        """Return when it takes connections."""
        options = f"-p {self._port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "start", "--wait", f"--log={self._log}", f"--options={options}")

    def stop(self, mode: Stop) -> None:
        """Return when it has ended."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def _run(self, program: str, *words: str) -> None:
        owner: dict[str, Any] = {"user": OWNER} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [self._programs / program, f"--pgdata={self._data}", *words],
            stdin=subprocess.DEVNULL,
            # A server that is started keeps what it inherits open: no pipe would ever end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
            **owner,
        )
        said = self._log.read_text() if self._log.exists() else "no log"
        assert done.returncode == 0, f"{program} ended with {done.returncode}: {said}"


@contextmanager
def private_postgresql(programs: Path) -> Iterator[PrivatePostgresql]:
    """A started server while the `with` lasts."""
    with tempfile.TemporaryDirectory(prefix="recserve-postgresql-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        server = PrivatePostgresql(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
