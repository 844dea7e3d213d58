"""All checks together."""

from __future__ import annotations

import numpy as np

from recserve.trainer.checks import rows
from recserve.trainer.checks.columns import columns
from recserve.trainer.checks.drift import drift
from recserve.trainer.checks.future import future_features
from recserve.trainer.checks.leakage import leakage
from recserve.trainer.checks.summary import summarise
from recserve.trainer.errors import DatasetError
from recserve.trainer.switches import Switches
from recserve.trainer.tables import Bools, Tables
from recserve.v1 import model_pb2, schema_pb2


class QualityError(DatasetError):
    """A check failed; nothing is to be learned from this data.

    Attributes:
        report: What cleaning did, and every check.
    """

    def __init__(self, report: model_pb2.CleaningReport) -> None:
        failed = [check for check in report.checks if _stops(check)]
        told = "; ".join(f"{check.name}: {check.finding}" for check in failed)
        names = ", ".join(f'"{check.name}"' for check in failed)
        super().__init__(
            f"the data failed a quality check, and nothing was published. {told}. To learn from it "
            f"all the same: --allow {failed[0].name}, or allowed_checks = [{names}] under "
            "[cleaning] in schema.toml"
        )
        self.report = report


def examine(
    tables: Tables,
    holdout: Bools,
    report: model_pb2.CleaningReport,
    schema: schema_pb2.Schema,
    *,
    base: model_pb2.ModelVersion | None,
    allowed: frozenset[str],
    now: float,
    seed: int,
) -> model_pb2.CleaningReport:
    """Makes every check.

    Args:
        tables: The cleaned data.
        holdout: Which events are held out.
        report: What cleaning did.
        schema: What the data means.
        base: The version whose data this is compared with; None for none.
        allowed: The checks that may fail, beside those that the schema allows.
        now: The present, in seconds since 1970.
        seed: Seed of what is drawn.

    Returns:
        The report with the checks and a summary of the data.

    Raises:
        QualityError: If one fails that must not.
    """
    switches = Switches.of(schema.cleaning)
    allowed |= switches.allowed
    before = base.cleaning.summary if base is not None else None
    events, features = tables.events, columns(tables, schema)
    rng = np.random.default_rng(seed)
    findings = [
        rows.garbage(report, switches.max_garbage_share),
        rows.duplicates(report),
        rows.values(events),
        rows.times(tables),
        rows.future_times(tables, now),
        rows.concentration(events),
        leakage(events, features, schema, switches.max_feature_auc, rng),
        future_features(events, features, holdout),
        drift(
            before,
            summarise(tables, features, schema, before),
            base.version if base is not None else 0,
            switches.drift_warning,
            switches.drift_failure,
        ),
    ]
    examined = model_pb2.CleaningReport()
    examined.CopyFrom(report)
    examined.checks.extend(
        finding.message(allowed=finding.check in allowed) for finding in findings
    )
    examined.summary.CopyFrom(summarise(tables, features, schema))
    if any(_stops(check) for check in examined.checks):
        raise QualityError(examined)
    return examined


def _stops(check: model_pb2.QualityCheck) -> bool:
    return check.verdict == model_pb2.CHECK_VERDICT_FAILED and not check.allowed
