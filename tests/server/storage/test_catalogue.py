"""One suite for every catalogue."""

from recserve.server.catalogue import Catalogue, ItemRecord, UserRecord


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
