"""What is measured offline is what is served."""

import random
import time

import numpy as np
import pytest

from integration.server_process import run, serving
from recserve.client import Client
from recserve.trainer import dataset, fit, measuring, schema_file
from recserve.trainer.cleaning import clean
from recserve.trainer.evaluation.answers import Asked
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.evaluation.ranking import Relevant
from recserve.trainer.tables import popularity
from trainer import generated
from trainer.generated import QUICK

pytestmark = pytest.mark.integration

USERS = 200


def test_for_200_random_users_the_evaluation_and_the_server_recommend_the_same(tmp_path):
    data = generated.write_chains(tmp_path / "data", generated.chains(users=250))
    fitted = fit(data, tmp_path / "models", hyper_parameters=QUICK)
    run("recserve-server", "import", "data", cwd=tmp_path)
    schema = schema_file.read(data / "schema.toml")
    now = time.time()
    tables = clean(dataset.read(dataset.locate(data, schema.source)), schema, now).tables
    users = np.array(sorted(random.Random(5).sample(range(tables.user_count), USERS)))  # noqa: S311
    questions = Questions(
        tables.events,
        users,
        np.searchsorted(tables.events.user, users),
        np.searchsorted(tables.events.user, users, "right"),
        np.full(USERS, now),
        tables.events.context.take(np.zeros(USERS, int)),
        Relevant.of(np.zeros(0, int), np.zeros(0, int), tables.item_count),
    )
    # As a published version is measured: from its SavedModel.
    model = measuring.runner(fitted.path, fitted.manifest, tables)
    weight = popularity(tables.events, tables.item_count)
    asked = Asked(model, tables, weight, fitted.manifest.layout.history_length)
    rows, scores = asked.recommend(questions, 10)

    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        for number, user in enumerate(users):
            answer = client.recommend(str(tables.user_ids[user]), num_results=10)
            assert answer.fallback is None
            served = [result.item_id for result in answer]
            assert served == tables.item_ids[rows[number]].tolist(), tables.user_ids[user]
            assert [result.score for result in answer] == pytest.approx(scores[number], abs=1e-5)
