import dataclasses

import numpy as np

from recserve.trainer import impressions
from recserve.trainer.training_data import TrainingData
from recserve.v1 import model_pb2, schema_pb2
from trainer import handmade

SCHEMA = schema_pb2.Schema(
    event_types=[
        schema_pb2.EventType(name="like"),
        schema_pb2.EventType(name="shown", polarity=schema_pb2.POLARITY_IMPRESSION),
    ]
)


def shown_and_liked():
    """Each user is shown both items, and then likes the second."""
    made = handmade.events([0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 1, 1])
    return dataclasses.replace(made, type=np.array([1, 1, 0, 1, 1, 0], np.int32))


def test_what_was_only_shown_is_left_out():
    left = impressions.left_out(shown_and_liked(), SCHEMA)
    assert left.row.tolist() == [2, 5]
    assert left.type.tolist() == [0, 0]


def test_events_without_impressions_stay_as_they_are():
    events = handmade.events([0, 0, 1], [0, 1, 0])
    assert impressions.left_out(events, SCHEMA) is events
    assert impressions.left_out(events, schema_pb2.Schema()) is events


def test_a_model_of_histories_reads_training_and_holdout_without_impressions():
    events = shown_and_liked()
    holdout = np.array([False, False, False, True, True, True])
    data = TrainingData(
        handmade.tables(events, 2),
        events.take(~holdout),
        events.take(holdout),
        model_pb2.HOLDOUT_KIND_TIME,
        model_pb2.CleaningReport(),
        "",
    ).without_impressions(SCHEMA)
    assert data.tables.events.row.tolist() == [2, 5]
    assert data.train.row.tolist() == [2]
    assert data.holdout.row.tolist() == [5]
