"""What the server knows of its users and of its items' popularity: views over the log."""

from recserve.server.profiles.feed import LogFeed
from recserve.server.profiles.popularity import Popularity
from recserve.server.profiles.profile import PastEvent, Profile
from recserve.server.profiles.profiles import Profiles

__all__ = ["LogFeed", "PastEvent", "Popularity", "Profile", "Profiles"]
