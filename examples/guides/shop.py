"""A shop: views and purchases, a price limit, what is sold out, what is alike.

    python examples/guides/shop.py

It writes a small dataset, trains, serves, and checks what it says; exit status 1 if anything
does not hold.
"""

import shop_data
from deployment import CALL_SECONDS, Deployment, shows

from recserve.client import Client, Item


def main() -> None:
    """Train, serve, and show it."""
    shop = Deployment("shop")
    favourites = shop_data.write(shop)
    shop.run(
        f"recserve-trainer fit dataset --store models --schema {shop.schema}"
        f" --max-epochs {shop.epochs}"
    )
    shop.run(f"recserve-server import dataset --schema {shop.schema}")
    with shop.serve() as client:
        knows_its_customers(client, favourites)
        keeps_to_the_price(client)
        does_not_sell_what_is_sold_out(client)
        learns_from_a_purchase(client)
        finds_what_is_alike(client)


def knows_its_customers(client: Client, favourites: dict[str, str]) -> None:
    """Compare the answers with that for somebody unknown, which is what is popular."""

    def hits(user: str, favourite: str) -> int:
        answer = client.recommend(user, scenario="home", timeout=CALL_SECONDS)
        return sum(item.startswith(favourite) for item in answer.item_ids)

    some = list(favourites.items())[:40]
    personal = sum(hits(user, favourite) for user, favourite in some) / len(some)
    popular = sum(hits("a stranger", favourite) for _, favourite in some) / len(some)
    print(f"of ten items, from the favourite department: {personal:.1f}; popular: {popular:.1f}")
    shows("answers are personal", holds=personal > 1.5 * popular)


def keeps_to_the_price(client: Client) -> None:
    """Filter by features: exact, and before items are ranked."""
    answer = client.recommend("customer-1", filter="price < 20", timeout=CALL_SECONDS)
    prices = [client.item(item).features["price"] for item in answer.item_ids]
    shows("ten items below 20", holds=len(prices) == 10 and max(prices) < 20)


def does_not_sell_what_is_sold_out(client: Client) -> None:
    """Put an item with `available=False`: it leaves every answer at once, and comes back."""
    best = client.recommend("customer-1", timeout=CALL_SECONDS)[0].item_id
    item = client.item(best)
    client.upsert_items([Item(best, item.features, available=False)])
    without = client.recommend("customer-1", timeout=CALL_SECONDS).item_ids
    client.upsert_items([Item(best, item.features)])
    again = client.recommend("customer-1", timeout=CALL_SECONDS).item_ids
    shows(f"{best} is not offered while it is sold out", holds=best not in without)
    shows(f"{best} is offered again", holds=best in again)


def learns_from_a_purchase(client: Client) -> None:
    """Report a purchase: it counts for the answer that led to it, and is not offered again."""
    answer = client.recommend("customer-2", scenario="home", timeout=CALL_SECONDS)
    bought = answer[0].item_id
    client.feedback("customer-2", bought, "purchase", recommendation=answer)
    after = client.recommend("customer-2", timeout=CALL_SECONDS)
    shows(f"{bought}, just bought, is not offered", holds=bought not in after.item_ids)


def finds_what_is_alike(client: Client) -> None:
    """Ask for the page of an item: alike are items that appeal to the same people."""
    items = ("garden-00", "toys-01", "music-02", "sport-00")
    alike = [
        (item, client.similar_items(item, num_results=5, timeout=CALL_SECONDS)) for item in items
    ]
    same = sum(other[:-3] == item[:-3] for item, answer in alike for other in answer.item_ids)
    print(f"alike items of the same department: {same} of {5 * len(items)}")
    by_chance = 5 * len(items) / len(shop_data.DEPARTMENTS)
    shows("alike items are often of one department", holds=same > 2.5 * by_chance)


if __name__ == "__main__":
    main()
