"""What the model makes of features of every type."""

import numpy as np
import pytest
import tensorflow as tf

from recserve.trainer import quiet_tensorflow, vocabulary
from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.learning.inputs import encode
from recserve.trainer.model.features import EncodedFeatures, FeatureEncoder
from recserve.trainer.model.words import words
from recserve.trainer.tables import FeatureTable, Floats

WIDTH = 32


def table(layout: FeatureLayout, numbers: object = None, strings: object = None) -> FeatureTable:
    given = len(numbers if numbers is not None else strings)  # type: ignore[arg-type]
    numeric = np.zeros((given, 0)) if numbers is None else np.array(numbers)
    cells = np.zeros((given, 0)) if strings is None else np.array(strings, dtype=object)
    return FeatureTable(
        numeric.astype(np.float32), cells.astype(object), np.empty((given, 0, 1), object), layout
    )


def encoded(features: FeatureTable) -> tuple[FeatureEncoder, EncodedFeatures]:
    encoder = FeatureEncoder(vocabulary.learn(features), WIDTH, "features")
    return encoder, encode(encoder, features)


def cosines(vectors: Floats) -> Floats:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    angles: Floats = unit @ unit.T
    return angles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, WORLD-42!", ["hello", "world", "42"]),
        ("", []),
        ("... !?", []),
        ("Éclair à la crème", ["éclair", "à", "la", "crème"]),
        ("Новый дом", ["новый", "дом"]),
        ("日本語 2", ["日", "本", "語", "2"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
    ],
)
def test_a_text_is_split_into_words_in_any_script(text: str, expected: list[str]) -> None:
    (found,) = words(tf.constant([text])).to_list()
    assert [word.decode() for word in found] == expected


def test_texts_with_the_same_words_begin_alike_and_frequent_words_count_less() -> None:
    quiet_tensorflow.seed(1)  # vectors of words are drawn
    texts = [["the red shoe"], ["The SHOE, red!"], ["the blue hat"], ["the blue coat"], [""]]
    encoder, features = encoded(table(FeatureLayout(texts=1), strings=texts))

    assert encoder.statistics.texts[0].words == ("the", "blue", "red", "shoe")
    vectors = encoder(features).numpy()
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert cosines(vectors[:4])[0, 2] < 0.6 < cosines(vectors[:4])[2, 3]
    assert np.abs(vectors[4]).max() == 0
    the, red = (encoder.statistics.texts[0].weights[at] for at in (0, 2))
    assert the < red
    np.testing.assert_allclose(np.square(features.shares).sum(axis=1), [1, 1, 1, 1, 0], atol=1e-6)


def test_a_text_of_unknown_words_says_nothing() -> None:
    learned = table(FeatureLayout(texts=1), strings=[["red shoe"], ["red shoe"]])
    encoder, _ = encoded(learned)
    unknown = encode(encoder, table(FeatureLayout(texts=1), strings=[["purple car"]]))
    assert np.abs(encoder(unknown).numpy()).max() == 0


def test_of_a_long_text_the_first_known_words_are_read() -> None:
    long = " ".join(f"w{n}" for n in range(100))
    encoder, features = encoded(table(FeatureLayout(texts=1), strings=[[long], [long]]))
    assert features.ids.shape == (2, vocabulary.MOST_WORDS_OF_A_TEXT)
    read = [encoder.labels()[row] for row in features.ids[0]]
    assert read == [f"0/w{n}" for n in range(vocabulary.MOST_WORDS_OF_A_TEXT)]


def test_vectors_keep_their_angles_and_weigh_as_much_as_one_value() -> None:
    rng = np.random.default_rng(0)
    near = rng.normal(size=(2, 1, 64)) + 0.1 * rng.normal(size=(2, 20, 64))
    vectors = 1000 + 50 * near.reshape(40, 64)
    encoder, features = encoded(table(FeatureLayout(dimensions=(64,)), vectors))

    assert np.square(features.numbers).sum(axis=1).mean() == pytest.approx(1, abs=0.01)
    angles = cosines(encoder(features).numpy())
    assert angles[:20, :20].min() > 0.8
    assert angles[:20, 20:].max() < 0


def test_missing_numbers_times_and_vectors_are_as_the_mean() -> None:
    layout = FeatureLayout(numeric=1, timestamps=1, dimensions=(2,))
    rows = [[1.0, 10.0, 1.0, 2.0], [3.0, 20.0, 5.0, 4.0], [np.nan] * 4]
    encoder, features = encoded(table(layout, rows))

    assert features.numbers.shape == (3, encoder.statistics.number_width)
    assert np.abs(features.numbers[2]).max() == 0
    assert np.isfinite(features.numbers).all()


def test_a_time_is_a_number_and_a_place_in_the_day_and_the_week() -> None:
    thursday = 20_000.0 - 20_000 % 7
    days = [[thursday + 0.25], [thursday + 0.75], [thursday + 7.25]]
    _, features = encoded(table(FeatureLayout(timestamps=1), days))
    morning, evening, week_later = features.numbers
    np.testing.assert_allclose(morning[1:], week_later[1:], atol=1e-5)
    assert morning[1] == pytest.approx(1, abs=1e-5)
    assert evening[1] == pytest.approx(-1, abs=1e-5)
    assert morning[0] < evening[0] < week_later[0]


def test_one_slip_of_the_keyboard_does_not_drown_the_others() -> None:
    numbers = np.append(np.random.default_rng(0).normal(10, 2, 999), 1e30)[:, None]
    _, features = encoded(table(FeatureLayout(numeric=1), numbers))
    assert features.numbers[:-1].std() == pytest.approx(1, abs=0.05)
    assert features.numbers[-1] == 5
