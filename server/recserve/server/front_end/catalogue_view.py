"""What this server goes by of the catalogue, kept up to date."""

from collections.abc import Sequence
from dataclasses import dataclass

from recserve.server.catalogue import Catalogue, ItemRecord
from recserve.server.filtering import FilterMasks
from recserve.server.front_end.version_keeper import VersionKeeper
from recserve.server.profiles import Popularity, Profiles
from recserve.server.recommending.recommender import Recommender


@dataclass(frozen=True, slots=True)
class WholeCatalogue:
    """What is read of all items.

    Attributes:
        revision: What was committed up to here is in it, and perhaps more.
        unavailable: Items that may not be recommended.
        item_ids: All items.
    """

    revision: int
    unavailable: frozenset[str]
    item_ids: list[str]


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """What this server itself has committed at one revision.

    Attributes:
        items: Items that were put, each once.
        deleted_item_ids: Items that were deleted.
        user_ids: Users whose features have changed, or who are gone.
    """

    items: Sequence[ItemRecord] = ()
    deleted_item_ids: Sequence[str] = ()
    user_ids: Sequence[str] = ()


def read_catalogue(catalogue: Catalogue) -> WholeCatalogue:
    """Read what the view takes. Blocks.

    Raises:
        Unavailable: the database cannot be read.
    """
    revision = catalogue.revision()  # first: what is committed meanwhile may be in the rest
    return WholeCatalogue(revision, catalogue.unavailable_item_ids(), catalogue.item_ids())


class CatalogueView:
    """Brings the changes of the catalogue to all that goes by it.

    This server's own changes come one by one, and cost what has changed. Those of other processes
    are noticed later, and then everything is read. The two race, so the view knows by their
    revisions what it has already. Every method is called on the event loop's thread, which owns
    all fields; `revision` may be read on any.

    Args:
        profiles: Know the features of users.
        popularity: Ranks the items of the catalogue before anybody wants them.
        masks: Know the features of items.
        recommender: Returns only what is available.
        keeper: Tells the engines what is available.
    """

    def __init__(
        self,
        *,
        profiles: Profiles,
        popularity: Popularity,
        masks: FilterMasks,
        recommender: Recommender,
        keeper: VersionKeeper,
    ) -> None:
        self._profiles = profiles
        self._popularity = popularity
        self._masks = masks
        self._recommender = recommender
        self._keeper = keeper
        self._unavailable: set[str] = set()
        self._revision = -1
        self._early: dict[int, CatalogueChange] = {}
        """Own changes by revision, of which some earlier ones are not known yet."""

    @property
    def revision(self) -> int:
        """The revision up to which every change is in the view."""
        return self._revision

    def take(self, whole: WholeCatalogue) -> None:
        """Take what was read of the whole catalogue, unless all of it is known already."""
        if whole.revision <= self._revision:
            return
        self._revision = whole.revision
        self._unavailable = set(whole.unavailable)
        self._profiles.invalidate_all()
        self._popularity.add_items(whole.item_ids)
        self._masks.refresh()
        self._recommender.unavailable = self._unavailable
        self._keeper.set_unavailable(self._unavailable)
        self._early = {at: each for at, each in self._early.items() if at > whole.revision}
        for _, change in sorted(self._early.items()):
            self._put(change)  # committed during the read, which may have missed it
        self._go_on()

    def apply(self, change: CatalogueChange, revision: int) -> None:
        """Bring a change of our own, committed at a revision, to what answers from now on."""
        self._profiles.invalidate(change.user_ids)
        if revision <= self._revision:
            # All was read since, but filters may still be reading: they have this until then.
            self._tell_filters(change)
            self._masks.refresh()
            return
        self._early[revision] = change
        for later in sorted(at for at in self._early if at >= revision):
            self._put(self._early[later])  # once more, for what came later stands
            self._tell_filters(self._early[later])
        self._go_on()

    def _go_on(self) -> None:
        """To the last revision before the first that is missing."""
        while self._revision + 1 in self._early:
            self._revision += 1
            del self._early[self._revision]

    def _tell_filters(self, change: CatalogueChange) -> None:
        if change.items:
            self._masks.change({item.item_id: item.features for item in change.items})

    def _put(self, change: CatalogueChange) -> None:
        kept_back = {item.item_id for item in change.items if not item.available}
        kept_back.update(change.deleted_item_ids)
        offered = {item.item_id for item in change.items if item.available}
        changed = (kept_back - self._unavailable) | (offered & self._unavailable)
        self._popularity.add_items(item.item_id for item in change.items)
        self._unavailable |= kept_back
        self._unavailable -= offered
        if changed:
            self._keeper.change_available(changed)
