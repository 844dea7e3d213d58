"""The baselines, each against its definition on a few events."""

import numpy as np
import pytest

from recserve.trainer.baselines import tuning
from recserve.trainer.baselines.answers import recommend
from recserve.trainer.baselines.blend import Blend
from recserve.trainer.baselines.ease import Ease
from recserve.trainer.baselines.grids import GRIDS
from recserve.trainer.baselines.ials import Ials
from recserve.trainer.baselines.item_knn import ItemKnn
from recserve.trainer.baselines.method import Lesson, Method
from recserve.trainer.comparison.protocols import Round
from recserve.trainer.errors import DatasetError
from recserve.trainer.evaluation.answers import Popular
from trainer import handmade

ITEM_COUNT = 12


@pytest.fixture
def lesson() -> Lesson:
    """Users walk along the items from where they begin; the first six are the more popular."""
    begins = [0, 0, 1, 1, 2, 2, 6, 7]
    users = [user for user in range(len(begins)) for _ in range(4)]
    items = [begin + step for begin in begins for step in range(4)]
    return Lesson(handmade.events(users, items), len(begins), ITEM_COUNT)


METHODS: list[Method] = [ItemKnn(5, 1.0), Ials(8, 10.0, 0.1), Ease(2.0), Blend(0.7)]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_what_goes_with_the_history_scores_best(method: Method, lesson: Lesson) -> None:
    fitted = {"ease": Ease(2.0).fit(lesson, {})}
    scores = method.fit(lesson, fitted)(np.array([[7, 8, -1], [0, 1, 2]]))

    assert scores.shape == (2, ITEM_COUNT)
    for number, history, near in ((0, [7, 8], {6, 9}), (1, [0, 1, 2], {3})):
        rest = scores[number].copy()
        rest[history] = -np.inf
        assert int(rest.argmax()) in near


def test_item_knn_sums_the_similarities_of_the_nearest(lesson: Lesson) -> None:
    matrix = lesson.user_item().toarray()
    both = matrix.T @ matrix
    sizes = np.sqrt(np.diag(both))
    similarity = both / (np.outer(sizes, sizes) + 1.0)
    np.fill_diagonal(similarity, 0.0)
    for column in similarity.T:
        column[np.argsort(-column, kind="stable")[3:]] = 0.0

    scores = ItemKnn(3, 1.0).fit(lesson, {})(np.array([[2, 3]]))

    assert scores[0] == pytest.approx(similarity[2] + similarity[3], rel=1e-5)


def test_the_blend_is_half_what_followed(lesson: Lesson) -> None:
    """After the last item, with a decay near 0, only what came next counts."""

    def nothing(histories: np.ndarray) -> np.ndarray:
        return np.zeros((len(histories), ITEM_COUNT), np.float32)

    scores = Blend(1e-6).fit(lesson, {"ease": nothing})(np.array([[6, 7, 8]]))

    assert scores[0].argmax() == 9
    assert scores[0, 9] == pytest.approx(0.5, abs=1e-3)
    assert np.delete(scores[0], 9).max() < 1e-3


def test_items_that_the_user_had_are_left_out_and_new_users_get_what_is_popular(
    lesson: Lesson,
) -> None:
    users = [*lesson.events.user.tolist(), 8, 8, 9]
    items = [*lesson.events.item.tolist(), 0, 3, 2]
    about = Round.of("replay", handmade.tables(handmade.events(users, items), ITEM_COUNT), 0.1)
    train = Lesson(about.train, about.tables.user_count, ITEM_COUNT)
    popular = Popular(np.arange(ITEM_COUNT, 0, -1.0))

    rows = recommend(Ease(2.0).fit(train, {}), popular, about.questions, 10)

    before = about.questions.items_before()
    for number, history in enumerate(before):
        assert not set(rows[number]) & set(history[history >= 0])
    assert rows[before.max(axis=1) < 0].tolist() == [list(range(10))] * 2


def test_the_setting_is_the_one_that_validates_best(lesson: Lesson) -> None:
    tables = handmade.tables(lesson.events, ITEM_COUNT)
    about = Round.of("leave-last-out", tables, 0.2)
    learned = Lesson(about.train, about.tables.user_count, ITEM_COUNT)
    popular, told = Popular(np.ones(ITEM_COUNT)), list[str]()
    grid = GRIDS["ease"]

    best = tuning.tune(grid, learned, about.questions, popular, {}, told.append)

    figures = [float(line.rpartition(" ")[2]) for line in told]
    assert best.ndcg == pytest.approx(max(figures), abs=1e-4)
    assert best.method == grid[figures.index(max(figures))]


def test_a_blend_without_ease_says_so(lesson: Lesson) -> None:
    with pytest.raises(DatasetError, match="EASE, which was left out"):
        Blend(0.5).fit(lesson, {})


def test_of_equal_scores_the_more_popular_item_wins(lesson: Lesson) -> None:
    about = Round.of("leave-last-out", handmade.tables(lesson.events, ITEM_COUNT), 0.2)

    def same(histories: np.ndarray) -> np.ndarray:
        return np.zeros((len(histories), ITEM_COUNT), np.float32)

    rows = recommend(same, Popular(np.ones(ITEM_COUNT)), about.questions, 10)

    before = about.questions.items_before()
    for found, history in zip(rows, before, strict=True):
        rest = [item for item in range(ITEM_COUNT) if item not in history]
        assert found.tolist() == (rest + [-1] * 10)[:10]
