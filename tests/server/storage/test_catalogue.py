"""One suite for every catalogue."""

from recserve.server.catalogue import Catalogue, Deleted, ItemRecord, Put, UserRecord


def test_items_and_users_come_back_as_they_were_put(catalogue: Catalogue) -> None:
    item = ItemRecord("tea", {"price": 2.5, "kind": "drink", "tags": ("hot", "grün")})
    user = UserRecord("ann", {"age": 30.0})
    catalogue.put_items([item, ItemRecord("cup", available=False)])
    catalogue.put_users([user])

    assert catalogue.get_item("tea") == item
    assert catalogue.get_item("cup") == ItemRecord("cup", {}, available=False)
    assert catalogue.get_user("ann") == user


def test_what_is_not_there_is_none(catalogue: Catalogue) -> None:
    assert catalogue.get_item("tea") is None
    assert catalogue.get_user("ann") is None
    assert catalogue.item_count() == 0
    assert catalogue.item_ids() == []


def test_putting_again_replaces_the_whole_record(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", {"price": 2.5, "kind": "drink"}, available=False)])
    catalogue.put_items([ItemRecord("tea", {"price": 3.0})])
    catalogue.put_users([UserRecord("ann", {"age": 30.0})])
    catalogue.put_users([UserRecord("ann", {})])

    assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 3.0}, available=True)
    assert catalogue.get_user("ann") == UserRecord("ann", {})
    assert catalogue.item_count() == 1


def test_the_last_of_a_repeated_record_stands(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", {"price": 1.0}), ItemRecord("tea", {"price": 2.0})])

    assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 2.0})


def test_the_catalogue_knows_its_items_and_which_are_unavailable(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea"), ItemRecord("cup", available=False), ItemRecord("jar")])

    assert catalogue.item_ids() == ["cup", "jar", "tea"]
    assert catalogue.unavailable_item_ids() == {"cup"}
    assert catalogue.item_count() == 3


def test_the_revision_grows_with_every_change_and_only_then(catalogue: Catalogue) -> None:
    assert catalogue.revision() == 0
    catalogue.put_items([])
    assert catalogue.revision() == 0
    catalogue.put_items([ItemRecord("tea")])
    assert catalogue.revision() == 1
    catalogue.put_users([UserRecord("ann")])
    assert catalogue.revision() == 2


def test_features_come_page_by_page_in_the_order_of_the_ids(catalogue: Catalogue) -> None:
    tea = {"price": 2.5, "kind": "drink", "tags": ("hot", "grün")}
    catalogue.put_items([ItemRecord("tea", tea), ItemRecord("cup"), ItemRecord("jar", {"a": 1.0})])
    assert catalogue.features_after("", 2) == [("cup", {}), ("jar", {"a": 1.0})]
    assert catalogue.features_after("jar", 2) == [("tea", tea)]
    assert catalogue.features_after("tea", 2) == []


def test_putting_tells_what_was_new_and_what_was_there(catalogue: Catalogue) -> None:
    tea, cup, jar = ItemRecord("tea"), ItemRecord("cup"), ItemRecord("jar")
    assert catalogue.put_items([tea, cup]) == Put(2, 0, revision=1)
    assert catalogue.put_items([tea, jar, jar]) == Put(1, 1, revision=2)
    assert catalogue.put_items([]) == Put(0, 0, revision=2)
    assert catalogue.put_users([UserRecord("ann")]) == Put(1, 0, revision=3)
    assert catalogue.put_users([UserRecord("ann"), UserRecord("bob")]) == Put(1, 1, revision=4)
    assert catalogue.put_users([]) == Put(0, 0, revision=4)


def test_many_records_are_counted_too(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord(f"item-{n}") for n in range(700)])
    catalogue.put_users([UserRecord(f"user-{n}") for n in range(700)])
    put = catalogue.put_items([ItemRecord(f"item-{n}") for n in range(1500)])
    assert (put.created_count, put.updated_count) == (800, 700)
    put = catalogue.put_users([UserRecord(f"user-{n}") for n in range(1500)])
    assert (put.created_count, put.updated_count) == (800, 700)
    assert catalogue.delete_items([f"item-{n}" for n in range(1, 2000)]).deleted_count == 1499
    assert catalogue.item_ids() == ["item-0"]


def test_the_time_of_the_last_change_is_kept(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", update_time=1.5), ItemRecord("cup")])
    catalogue.put_items([ItemRecord("tea", update_time=2.5)])
    catalogue.put_users([UserRecord("ann", update_time=3.5)])
    tea, cup, ann = catalogue.get_item("tea"), catalogue.get_item("cup"), catalogue.get_user("ann")
    assert tea is not None
    assert cup is not None
    assert ann is not None
    assert (tea.update_time, cup.update_time, ann.update_time) == (2.5, None, 3.5)


def test_a_deleted_item_is_gone_and_stays_unavailable(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", {"price": 2.5}), ItemRecord("cup")])
    assert catalogue.delete_items(["tea", "never there"]) == Deleted(1, revision=2)
    assert catalogue.get_item("tea") is None
    assert catalogue.item_ids() == ["cup"]
    assert catalogue.item_count() == 1
    assert catalogue.features_after("", 9) == [("cup", {})]
    assert catalogue.unavailable_item_ids() == {"tea", "never there"}
    assert catalogue.delete_items(["tea"]) == Deleted(0, revision=3)
    assert catalogue.delete_items([]) == Deleted(0, revision=3)


def test_an_item_that_is_put_again_is_new_and_available(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", {"price": 2.5})])
    catalogue.delete_items(["tea"])
    assert catalogue.put_items([ItemRecord("tea")]) == Put(1, 0, revision=3)
    assert catalogue.get_item("tea") == ItemRecord("tea")
    assert catalogue.unavailable_item_ids() == frozenset()


def test_what_keeps_existing_items_keeps_deleted_ones_deleted(catalogue: Catalogue) -> None:
    catalogue.put_items([ItemRecord("tea", {"price": 2.5}), ItemRecord("cup")])
    catalogue.delete_items(["cup"])
    given = [ItemRecord("tea"), ItemRecord("cup"), ItemRecord("jar")]
    put = catalogue.put_items(given, keep_existing=True)
    assert (put.created_count, put.updated_count) == (1, 1)
    assert catalogue.get_item("tea") == ItemRecord("tea", {"price": 2.5})
    assert catalogue.item_ids() == ["jar", "tea"]
    assert catalogue.unavailable_item_ids() == {"cup"}
