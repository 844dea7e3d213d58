"""What is wrong with the bytes of a file that is not UTF-8, and what to do."""

from __future__ import annotations

import codecs
from pathlib import Path

from recserve.trainer.csv_file import opened_bytes

SHOWN = 24
WIDE = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def advice(path: Path) -> str:
    """Says in which line the first byte is that is not UTF-8, and how to convert the file."""
    with opened_bytes(path) as stream:
        mark = stream.read(2)
        if mark in WIDE:
            return f"it is UTF-16; convert it: `iconv -f {WIDE[mark]} -t utf-8`"
        stream.seek(0)
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return _line(number, line, error.start)
    return "convert it to UTF-8"


def _line(number: int, line: bytes, at: int) -> str:
    if b"\0" in line:
        return f"line {number} is binary; is it a CSV file at all?"
    around = line[max(0, at - SHOWN) : at + SHOWN].decode("latin-1").strip()
    return (
        f"line {number} has the byte 0x{line[at]:02x} in {around!r}. If the whole file is in one "
        "other encoding, convert it, for example with `iconv -f latin1 -t utf-8`; if encodings are "
        f"mixed, mend the line (`iconv -c -f utf-8 -t utf-8` drops such bytes)"
    )
