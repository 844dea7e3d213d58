"""Masks are kept, follow the catalogue, and know the items of a version and of none."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from recserve.server.catalogue import InMemoryCatalogue, ItemRecord
from recserve.server.errors import Overloaded, Unavailable
from recserve.server.filtering import FilterMasks, ItemMask, parse_filter, sources
from recserve.server.filtering import masks as filtering_masks
from recserve.server.item_table import ItemTable
from recserve.server.schema import Features
from server.artefact import item_table, strings
from server.filtering.shop import FEATURES, ITEMS


class Counting(InMemoryCatalogue):
    """Counts how often it was read, and fails as often as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.failures = 0

    def features_after(self, item_id: str, limit: int) -> list[tuple[str, Features]]:
        if not item_id:
            self.reads += 1
            if self.failures:
                self.failures -= 1
                raise Unavailable("the disk failed")
        return super().features_after(item_id, limit)


@pytest.fixture
def catalogue() -> Counting:
    catalogue = Counting()
    catalogue.put_items([ItemRecord(item_id, features) for item_id, features in ITEMS.items()])
    return catalogue


@pytest.fixture
async def masks(catalogue: Counting) -> AsyncIterator[FilterMasks]:
    with ThreadPoolExecutor(1) as executor:
        yield FilterMasks(catalogue, executor)


def table(*ids: str) -> ItemTable:
    return ItemTable(ids, np.ones(len(ids), np.float32))


VERSION = table("cup", "tea", "cola", "new")


async def mask(masks: FilterMasks, text: str, items: ItemTable | None = VERSION) -> ItemMask:
    parsed = parse_filter(text, FEATURES)
    assert parsed is not None
    return await masks.mask(parsed, FEATURES, items, 0 if items is None else 1)


async def test_a_mask_is_by_the_rows_of_the_version(masks: FilterMasks) -> None:
    made = await mask(masks, "price > 2")
    assert made.of_rows.allowed.tolist() == [True, True, False, False]
    assert "tea" in made
    assert "cola" not in made
    assert "cola" in made.refused


async def test_of_an_item_that_nobody_knows_every_feature_is_missing(masks: FilterMasks) -> None:
    assert "new" not in await mask(masks, "price > 2")
    assert "never heard of" not in await mask(masks, "price > 2")
    assert "never heard of" in await mask(masks, "NOT price > 2")


async def test_without_a_version_the_catalogue_has_the_items(masks: FilterMasks) -> None:
    made = await mask(masks, "kind = drink", None)
    assert {item_id for item_id in ITEMS if item_id in made} == {"tea", "cola"}


async def test_few_items_can_be_listed_and_many_are_not(catalogue: Counting) -> None:
    catalogue.put_items([ItemRecord(f"thing{i}", {"kind": "thing"}) for i in range(40)])
    with ThreadPoolExecutor(1) as executor:
        masks = FilterMasks(catalogue, executor)
        assert (await mask(masks, "kind = drink", None)).listed() == ["cola", "tea"]
        assert (await mask(masks, "kind = thing", None)).listed() is None
        assert (await mask(masks, "kind != thing AND price = null", None)).listed() is None


async def test_a_filter_that_comes_again_costs_no_other_mask_and_no_wait(
    masks: FilterMasks, catalogue: Counting
) -> None:
    first = await mask(masks, "price > 2")
    asking = mask(masks, "price>2.0")
    with pytest.raises(StopIteration) as done:  # it ends without a turn of the event loop
        asking.send(None)
    assert done.value.value is first
    await mask(masks, "kind = drink")
    assert catalogue.reads == 1


async def test_callers_at_the_same_time_share_the_making(
    masks: FilterMasks, catalogue: Counting
) -> None:
    made = await asyncio.gather(*(mask(masks, "price > 2") for _ in range(5)))
    assert len(set(made)) == 1
    assert catalogue.reads == 1


async def test_one_caller_that_leaves_does_not_take_the_mask_along(masks: FilterMasks) -> None:
    leaving = asyncio.ensure_future(mask(masks, "price > 2"))
    staying = asyncio.ensure_future(mask(masks, "price > 2"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert "tea" in await staying


async def settled(masks: FilterMasks) -> None:
    """Until no read is under way."""
    while (reading := masks._sources[1]._next) is not None:
        await asyncio.wait([reading])
        await asyncio.sleep(0)


async def test_a_change_of_the_catalogue_is_followed(
    masks: FilterMasks, catalogue: Counting
) -> None:
    before = await mask(masks, "price > 2")
    catalogue.put_items([ItemRecord("cola", {"price": 3.0})])
    masks.refresh()
    masks.refresh()
    assert await mask(masks, "price > 2") is before, "until it is read, what was known goes on"
    await settled(masks)
    assert "cola" in await mask(masks, "price > 2")


async def test_a_change_of_our_own_is_in_the_next_mask_and_costs_no_read(
    masks: FilterMasks, catalogue: Counting
) -> None:
    before = await mask(masks, "price > 2")
    masks.change({"cola": {"price": 3.0}, "tea": {"price": 1.0}})
    changed = await mask(masks, "price > 2")
    assert changed.of_rows.allowed.tolist() == [True, False, True, False]
    assert changed.of_rows.number != before.of_rows.number, "engines know the old one by its own"
    assert before.of_rows.allowed.tolist() == [True, True, False, False]
    assert await mask(masks, "price > 2") is changed
    masks.change({"cola": {"kind": "thing"}})
    assert "cola" not in await mask(masks, "price > 2")
    assert "cola" in await mask(masks, "kind = thing"), "a mask that is new knows it too"
    assert catalogue.reads == 1
    assert masks._bytes == sum(masks._sizes.values())


async def test_callers_at_the_same_time_share_a_mask_that_catches_up(masks: FilterMasks) -> None:
    await mask(masks, "price > 2")
    masks.change({"cola": {"price": 3.0}})
    made = await asyncio.gather(*(mask(masks, "price > 2") for _ in range(5)))
    assert len(set(made)) == 1


async def test_new_items_enter_the_masks_of_the_catalogue_and_not_those_of_a_version(
    masks: FilterMasks,
) -> None:
    old = await mask(masks, "price > 2", None)
    await mask(masks, "price > 2")
    masks.change({"pot": {"price": 3.0}, "jar": {"price": 1.0}})
    masks.change({"lid": {"price": 4.0}})
    made = await mask(masks, "price > 2", None)
    assert [name for name in ("tea", "pot", "jar", "lid") if name in made] == ["tea", "pot", "lid"]
    assert not any(name in old for name in ("pot", "jar", "lid")), "to it, nothing is known of them"
    assert "jar" in await mask(masks, "NOT price > 2", None)
    assert (await mask(masks, "price > 3", None)).listed() is None
    assert len((await mask(masks, "price > 2")).of_rows.allowed) == len(VERSION)


async def test_few_new_items_can_be_listed(catalogue: Counting) -> None:
    catalogue.put_items([ItemRecord(f"thing{i}", {"kind": "thing"}) for i in range(40)])
    with ThreadPoolExecutor(1) as executor:
        masks = FilterMasks(catalogue, executor)
        before = await mask(masks, "kind = drink", None)
        masks.change({"milk": {"kind": "drink"}, "thing1": {"kind": "drink"}})
        after = await mask(masks, "kind = drink", None)
        assert after.listed() == ["cola", "tea", "thing1", "milk"]
        assert before.listed() == ["cola", "tea"]


async def test_a_change_during_the_first_read_is_not_missed(masks: FilterMasks) -> None:
    asking = asyncio.ensure_future(mask(masks, "price > 2"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it reads
    masks.change({"cola": {"price": 3.0}})
    assert "cola" in await asking


async def test_a_change_during_a_later_read_outlives_it(
    masks: FilterMasks, catalogue: Counting
) -> None:
    await mask(masks, "price > 2")
    masks.change({"cup": {"price": 1.0}})  # in memory alone: the read that follows undoes it
    masks.refresh()
    masks.change({"cola": {"price": 3.0}})
    assert "cola" in await mask(masks, "price > 2")
    await settled(masks)
    made = await mask(masks, "price > 2")
    assert ("cola" in made, "cup" in made) == (True, True)
    assert catalogue.reads == 2


async def test_many_changes_are_put_together_and_then_everything_is_read(
    masks: FilterMasks, catalogue: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_CHANGES", 3)
    monkeypatch.setattr(sources, "MAX_CHANGED_ITEMS", 20)
    await mask(masks, "price > 4", None)
    for number in range(30):
        items = {"cola": {"price": float(number)}, f"new-{number}": {"price": 9.0}}
        catalogue.put_items([ItemRecord(*each) for each in items.items()])
        masks.change(items)
        made = await mask(masks, "price > 4", None)
        assert ("cola" in made) == (number > 4)
        assert f"new-{number}" in made
        seldom = await mask(masks, "price = 9", None) if number % 7 == 0 else made
        assert f"new-{number}" in seldom
    assert 1 < catalogue.reads < 10


async def test_a_change_that_cannot_be_read_leaves_what_was_known(
    masks: FilterMasks, catalogue: Counting
) -> None:
    before = await mask(masks, "price > 2")
    catalogue.failures = 1
    masks.refresh()
    await settled(masks)
    assert await mask(masks, "price > 2") is before


async def test_a_change_that_could_not_be_read_is_read_later(
    masks: FilterMasks, catalogue: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "RETRY_SECONDS", 0.01)
    await mask(masks, "price > 2")
    catalogue.put_items([ItemRecord("cola", {"price": 3.0})])
    catalogue.failures = 1
    masks.refresh()
    await settled(masks)
    await asyncio.sleep(0.05)
    await settled(masks)
    assert "cola" in await mask(masks, "price > 2")
    assert catalogue.reads == 3


async def test_filters_that_are_too_many_at_once_are_refused(
    masks: FilterMasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering_masks, "MAX_MAKING", 2)
    making = [asyncio.ensure_future(mask(masks, f"price > {price}")) for price in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="2 filters"):
        await mask(masks, "price > 2")
    await asyncio.gather(*making)
    assert "tea" in await mask(masks, "price > 2")


async def test_a_version_that_is_gone_takes_its_items_along(masks: FilterMasks) -> None:
    await mask(masks, "price > 2")
    masks.forget(1)
    masks.forget(7)
    assert not masks._sources
    assert not masks._masks
    assert not masks._sizes
    assert masks._bytes == 0


async def test_a_first_read_that_fails_is_the_callers_error_and_is_tried_again(
    masks: FilterMasks, catalogue: Counting
) -> None:
    catalogue.failures = 1
    with pytest.raises(Unavailable):
        await mask(masks, "price > 2")
    assert "tea" in await mask(masks, "price > 2")


async def test_other_items_under_the_same_number_are_other_masks(masks: FilterMasks) -> None:
    await mask(masks, "price > 2")
    made = await mask(masks, "price > 2", table("tea", "gift"))
    assert made.of_rows.allowed.tolist() == [True, False]


async def test_old_masks_make_room(catalogue: Counting) -> None:
    with ThreadPoolExecutor(1) as executor:
        masks = FilterMasks(catalogue, executor, max_bytes=3 * (len(VERSION) + 1))
        first = await mask(masks, "price > 0")
        for price in range(1, 9):
            await mask(masks, f"price > {price}")
            await mask(masks, "price > 0")
        assert await mask(masks, "price > 0") is first, "the one in use stays"
        assert len(masks._masks) == 3
        assert masks._bytes == sum(masks._sizes.values()) == 3 * (len(VERSION) + 1)


async def test_the_item_table_speaks_for_items_that_the_catalogue_does_not_know(
    tmp_path: Path, catalogue: Counting
) -> None:
    arrays = item_table(
        ["tea", "jar", "pot"],
        numeric=np.array(
            [
                [99, 99, np.nan, np.nan, np.nan],
                [9.99, np.nan, 1.5, 0.5, -1],
                [np.nan, 2000, 20_000, 1, 2],
            ],
            np.float32,
        ),
        **strings("categorical", ["other", "", "thing", "a round jar", "", "a pot"]),
        **strings("multi_valued", ["", "", "glass", "round", "", ""]),
    )
    np.savez(tmp_path / "items.npz", **arrays)
    items = ItemTable.read(tmp_path / "items.npz")
    with ThreadPoolExecutor(1) as executor:
        masks = FilterMasks(catalogue, executor)
        assert (await mask(masks, "price < 50", items)).of_rows.allowed.tolist() == [1, 1, 0]
        assert (await mask(masks, "price = 9.99", items)).of_rows.allowed.tolist() == [0, 1, 0]
        assert (await mask(masks, "kind = thing", items)).of_rows.allowed.tolist() == [0, 1, 0]
        assert (await mask(masks, "tags:round", items)).of_rows.allowed.tolist() == [0, 1, 0]
        assert (await mask(masks, "since < 129601", items)).of_rows.allowed.tolist() == [0, 1, 0]
        assert (await mask(masks, "since >= 1728000000", items)).of_rows.allowed.tolist() == [
            0,
            0,
            1,
        ]
        assert (await mask(masks, "kind = null", items)).of_rows.allowed.tolist() == [0, 0, 1]
        masks.change({"tea": {}, "jar": {"price": 60.0}, "pot": {}})
        assert (await mask(masks, "price = 99", items)).of_rows.allowed.tolist() == [1, 0, 0]
        assert (await mask(masks, "price = 60", items)).of_rows.allowed.tolist() == [0, 1, 0]
        assert (await mask(masks, "year = 2000", items)).of_rows.allowed.tolist() == [0, 0, 1]
