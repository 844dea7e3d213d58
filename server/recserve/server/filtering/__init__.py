"""Conditions on item features: from the text of a filter to a mask over items.

The language is a subset of AIP-160 (https://google.aip.dev/160).
"""

from recserve.server.filtering.masks import FilterMasks, ItemMask
from recserve.server.filtering.parser import FilterError, ItemFilter, parse_filter

__all__ = ["FilterError", "FilterMasks", "ItemFilter", "ItemMask", "parse_filter"]
