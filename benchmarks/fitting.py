"""One `fit` in a process of its own: `python -m benchmarks.fitting DATASET STORE MODE`.

Prints JSON: the seconds of the whole, the peak of the memory in MiB, and NDCG@10 on the holdout.
"""

import json
import sys
import time
from pathlib import Path
from typing import cast

from benchmarks.peak_memory import peak_mib

from recserve.trainer import fit
from recserve.trainer.training import Mode


def main(dataset: Path, store: Path, mode: Mode) -> None:
    """Fit once."""
    began = time.perf_counter()
    fitted = fit(dataset, store, mode=mode)
    seconds = time.perf_counter() - began
    ndcg = next(m for m in fitted.manifest.evaluation.metrics if m.name == "ndcg@10")
    found = {
        "seconds": seconds,
        "peak_mib": peak_mib(),
        "ndcg": ndcg.value,
        "popularity": ndcg.baseline,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), cast("Mode", sys.argv[3]))
