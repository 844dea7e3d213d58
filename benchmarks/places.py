"""Where things are."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MOVIELENS = ROOT / "examples" / "movielens"
RESULTS = ROOT / "benchmarks" / "results"
PEERS = ROOT / "benchmarks" / "peers"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
