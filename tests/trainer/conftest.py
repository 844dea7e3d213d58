"""Versions that several tests look at, trained once."""

from pathlib import Path

import pytest

from recserve.trainer import Fitted, fit
from trainer import generated
from trainer.generated import QUICK


@pytest.fixture(scope="session")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset where the next item follows from the last one."""
    return generated.write_chains(tmp_path_factory.mktemp("data") / "chains")


@pytest.fixture(scope="session")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flat file of ten numbers and a label."""
    path = tmp_path_factory.mktemp("data") / "user_data.csv"
    generated.flat().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def two_stage(chains: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A two-stage version."""
    return fit(chains, tmp_path_factory.mktemp("store"), hyper_parameters=QUICK)


@pytest.fixture(scope="session")
def pointwise(flat: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A pointwise version."""
    return fit(flat, tmp_path_factory.mktemp("store"), hyper_parameters={"max_epochs": 12})
