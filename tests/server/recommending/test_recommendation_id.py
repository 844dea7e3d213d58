"""An id says which version answered, and nobody can invent one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.recommending import recommendation_id
from recserve.server.recommending.recommendation_id import (
    KEY_BYTES,
    InvalidRecommendationId,
    RecommendationId,
    RecommendationIds,
)

IDS = RecommendationIds(b"k" * KEY_BYTES)
ALPHABET = string.ascii_letters + string.digits + "-_+/="
ONE = IDS.make(3, "stable", 1_700_000_000_000)


@given(
    st.integers(0, 2**63 - 1),
    st.sampled_from(["", "stable", "canary", "shadow"]),
    st.integers(0, 2**63 - 1),
)
def test_an_id_says_what_it_was_made_with(version: int, label: str, milliseconds: int) -> None:
    text = IDS.make(version, label, milliseconds)
    assert len(text) <= 64
    assert IDS.read(text) == RecommendationId(version, label, milliseconds)


@pytest.mark.parametrize(("written", "label"), [(2, 0), (1, 9)])
def test_an_id_of_a_newer_server_is_refused(written: int, label: int) -> None:
    fields = recommendation_id._FIELDS.pack(written, 3, label, 0, b"r" * 7)
    text = recommendation_id._to_text(fields + IDS._sign(fields))
    with pytest.raises(InvalidRecommendationId, match="a newer server"):
        IDS.read(text)


def test_no_two_ids_are_alike() -> None:
    assert len({IDS.make(1, "", 0) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("place", range(len(ONE)))
def test_a_change_of_any_character_is_refused(place: int) -> None:
    for character in ALPHABET:
        if character != ONE[place]:
            with pytest.raises(InvalidRecommendationId):
                IDS.read(ONE[:place] + character + ONE[place + 1 :])


@given(st.integers(0, len(ONE) - 1))
def test_a_shortened_id_is_refused(length: int) -> None:
    with pytest.raises(InvalidRecommendationId):
        IDS.read(ONE[:length])


@pytest.mark.parametrize("addition", ["=", "==", "A", "AAAA", "\n", " "])
def test_a_lengthened_id_is_refused(addition: str) -> None:
    with pytest.raises(InvalidRecommendationId):
        IDS.read(ONE + addition)


@given(st.text() | st.text(ALPHABET, min_size=30, max_size=60))
def test_random_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecommendationId):
        IDS.read(text)


def test_another_deployments_id_is_refused() -> None:
    with pytest.raises(InvalidRecommendationId):
        RecommendationIds(b"x" * KEY_BYTES).read(ONE)
