"""What the names of columns say, in whatever spelling."""

import re

USERS = ("user", "customer", "visitor", "member", "reader", "viewer", "buyer", "patient",
         "account", "client", "shopper", "session", "person", "uid", "reviewer", "follower",
         "subscriber", "consumer", "guest", "player", "student", "learner", "investor",
         "cust")  # fmt: skip
ITEMS = ("item", "product", "movie", "article", "song", "track", "book", "video", "content",
         "sku", "asin", "isbn", "listing", "offer", "fund", "news", "post", "game", "recipe",
         "iid", "artist", "show", "stock", "drug", "course", "ad", "followee", "followed",
         "treatment", "medication", "therapy", "exercise", "merchant", "security", "asset",
         "instrument", "ticker", "isin", "business", "restaurant", "venue", "poi", "hotel",
         "job", "app", "anime", "joke", "album", "podcast", "episode", "page", "document",
         "story", "tweet", "photo", "creator", "channel", "service")  # fmt: skip
IDS = ("id", "key", "code", "no", "number", "uuid", "hash")
OTHERS = ("transaction", "order", "event", "category", "brand", "genre", "store", "visit", "row")
LABELS = ("label", "target", "clicked", "click", "purchased", "bought", "liked", "converted",
          "conversion", "response", "outcome", "y", "class", "output", "recommended",
          "recommendation", "engaged", "engagement", "interacted", "interaction", "preference",
          "accepted", "relevant", "relevance", "positive", "purchase", "like", "buy",
          "subscribed", "ordered", "success")  # fmt: skip
VALUES = ("rating", "score", "stars", "value", "grade", "overall")
EVENT_TYPES = ("event_type", "event", "action", "behavior", "behaviour", "interaction",
               "interaction_type", "action_type", "behavior_type", "behaviour_type", "event_name",
               "type")  # fmt: skip
CLOCKS = ("timestamp", "time", "datetime", "date", "event_time", "created_at", "ts", "unix_time",
          "occurred_at", "created")  # fmt: skip
TIMES = (*CLOCKS, "position", "order", "step", "rank", "seq", "sequence")
TIME_WORDS = frozenset(("timestamp", "time", "date", "datetime", "ts", "at", "day"))
TIME_FEATURE_WORDS = TIME_WORDS | {"created", "updated", "released", "release", "published",
                                   "joined", "since", "birthday", "born", "expires"}  # fmt: skip
DISLIKES = frozenset(("hide", "dislike", "skip", "unlike", "unfollow", "block", "report",
                      "downvote", "dismiss", "unsubscribe", "remove", "remove_from_cart",
                      "return", "refund", "unsave"))  # fmt: skip
SHOWINGS = frozenset(("impression", "shown", "exposure", "display", "displayed"))


def snake(name: str) -> str:
    """A column's name in snake_case: userId and "User ID" become user_id."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def feature_name(column: str) -> str:
    """A column's name as the schema allows it: `[a-z][a-z0-9_]{0,62}`."""
    name = snake(column) or "feature"
    return (name if name[0].isalpha() else f"f_{name}")[:63]


def id_rank(column: str, words: tuple[str, ...]) -> int:
    """How well a name fits an id of one of these words: 0 best, large for not at all."""
    name = snake(column)
    for rank, word in enumerate(words):
        if name in {f"{word}_{suffix}" for suffix in IDS} | {f"{word}{suffix}" for suffix in IDS}:
            return rank
        if name in (word, f"{word}s") or name == f"id_{word}":
            return 100 + rank
    return NOT_AT_ALL


NOT_AT_ALL = 1000


def place(column: str, words: tuple[str, ...]) -> int:
    """The place of a name among these words; `NOT_AT_ALL` if it is none of them."""
    name = snake(column)
    return words.index(name) if name in words else NOT_AT_ALL


def words(column: str) -> set[str]:
    """The words of a name."""
    return set(snake(column).split("_"))


def ends_like_an_id(column: str) -> bool:
    """Whether a name says that a column holds ids of something: order_id, transactionid."""
    name = snake(column)
    if name.split("_")[-1] in IDS:
        return True
    return name.endswith("id") and name[:-2] in (*USERS, *ITEMS, *OTHERS)
