"""Finance: flat rows of ten numbers and a label, scores that are probabilities, and an audit trail.

    python examples/guides/finance.py

It writes a small dataset, trains, serves, and checks what it says; exit status 1 if anything
does not hold.
"""

import json

import finance_data
import numpy as np
from deployment import CALL_SECONDS, Deployment, shows
from sklearn.metrics import roc_auc_score

from recserve.client import Client, Fallback, InvalidArgument

QUESTIONS, OFFERS = 150, 8


def main() -> None:
    """Train, serve, and show it."""
    bank = Deployment("finance", epochs=15)
    finance_data.write(bank)
    bank.run("recserve-trainer inspect dataset/user_data.csv --write")
    proposed = (bank.dataset / "user_data.schema.toml").read_text()
    shows("inspect proposes the schema of this guide", holds=proposed == bank.schema.read_text())
    bank.run(
        f"recserve-trainer fit dataset/user_data.csv --store models --max-epochs {bank.epochs}"
    )
    is_the_classic_network(bank)
    bank.run("recserve-server import dataset/user_data.csv")
    with bank.serve() as client:
        scores_are_probabilities(client)
        says_when_it_cannot_score(client)
        leaves_a_trail(client)


def is_the_classic_network(bank: Deployment) -> None:
    """Read the manifest: ten numbers, hidden layers of 100 and 50, one probability."""
    manifest = json.loads((bank.folder / "models/default/1/manifest.json").read_text())
    layers = manifest["hyper_parameters"]["hidden_layers"]
    inputs = [each["name"] for each in manifest["schema"]["candidate_features"]]
    shows(
        f"the network is {len(inputs)} → {layers[0]} → {layers[1]} → 1",
        holds=tuple(inputs) == finance_data.COLUMNS and layers == [100, 50],
    )


def scores_are_probabilities(client: Client) -> None:
    """Score offers that training never saw, and compare with what became of them."""
    numbers, taken = finance_data.draw(QUESTIONS * OFFERS, seed=17)
    scores, outcomes = [], []
    for question in range(QUESTIONS):
        rows = slice(question * OFFERS, (question + 1) * OFFERS)
        answer = client.recommend(
            f"customer-{question}",
            num_results=OFFERS,
            candidate_item_ids=[f"offer-{n}" for n in range(OFFERS)],
            candidate_features=numbers[rows],
            include_seen=True,
            timeout=CALL_SECONDS,
        )
        by_offer = {result.item_id: result.score for result in answer}
        scores += [by_offer[f"offer-{n}"] for n in range(OFFERS)]
        outcomes += taken[rows].tolist()
    auc = roc_auc_score(outcomes, scores)
    print("by score     mean score   taken")
    order, off = np.argsort(scores), []
    for some in np.array_split(order, 4):
        said, was = np.mean(np.take(scores, some)), np.mean(np.take(outcomes, some))
        print(f"  a quarter      {said:.3f}   {was:.3f}")
        off.append(abs(said - was))
    print(f"ROC AUC {auc:.3f}")
    shows("the better offer has the higher score", holds=auc > 0.75)
    shows("scores are the shares that are taken, to a tenth", holds=max(off) < 0.1)


def says_when_it_cannot_score(client: Client) -> None:
    """Leave the numbers out: the answer says that it is by popularity."""
    answer = client.recommend(
        "customer-1", candidate_item_ids=["offer-1", "offer-2"], timeout=CALL_SECONDS
    )
    shows(
        "without the numbers the answer says so",
        holds=answer.fallback is Fallback.NO_CANDIDATE_FEATURES,
    )


def leaves_a_trail(client: Client) -> None:
    """Name the answer with each decision: it says which version decided, and cannot be made up."""
    numbers, _ = finance_data.draw(2, seed=23)
    answer = client.recommend(
        "customer-7",
        candidate_item_ids=["offer-3", "offer-4"],
        candidate_features=numbers,
        include_seen=True,
        scenario="branch",
        timeout=CALL_SECONDS,
    )
    offer = answer[0].item_id
    client.feedback("customer-7", offer, "label", value=1, recommendation=answer)
    version = client.model(str(answer.model_version))
    print(
        f"{answer.recommendation_id}: version {version.version}, trained {version.create_time:%F}"
        f" on the data {version.lineage.dataset_digest[:12]}…, seed {version.lineage.seed}"
    )
    forged = answer.recommendation_id[:-4] + "AAAA"
    try:
        client.feedback("customer-7", offer, "label", value=1, recommendation=forged)
        refused = False
    except InvalidArgument as error:
        refused = any("recommendation_id" in each.field for each in error.violations)
    shows(
        "the answer names its version, and the version its data",
        holds=bool(version.lineage.dataset_digest),
    )
    shows("a made-up answer is refused", holds=refused)


if __name__ == "__main__":
    main()
