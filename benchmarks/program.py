"""A Python program of ours that answers in lines, and ends when its standard input does."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.places import ROOT


class Program:
    """A running program."""

    def __init__(self, process: "subprocess.Popen[str]", errors: IO[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.pid = process.pid
        self._input, self._output, self._errors = process.stdin, process.stdout, errors

    def ask(self, line: str) -> str:
        """Write a line, and read the line that it answers with."""
        self._input.write(line + "\n")
        self._input.flush()
        return self.read_line()

    def read_line(self) -> str:
        """Read a line; empty when the program has ended."""
        return self._output.readline().strip()

    def last_words(self) -> str:
        """The last line on its standard error."""
        self._errors.seek(0)
        return (self._errors.read().strip().splitlines() or ["it said nothing"])[-1]


@contextmanager
def program(
    module: str,
    *arguments: object,
    python: Path = Path(sys.executable),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """Run a module of `benchmarks` while the `with` lasts."""
    words = [str(python), "-m", module, *map(str, arguments)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            words,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
        ) as process,
    ):
        try:
            yield Program(process, errors)
        finally:
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
