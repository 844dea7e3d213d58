"""Reads filters: a subset of AIP-160, typed by the features that the schema declares.

    filter:      [expression]
    expression:  factor {"AND" factor}
    factor:      term {"OR" term}                  OR binds closer than AND, as AIP-160 has it
    term:        ["NOT" | "-"] ("(" expression ")" | restriction)
    restriction: feature ("=" | "!=" | "<" | "<=" | ">" | ">=" | ":") value
    value:       a string in double or single quotes, a number, a word, true, false, null, *

Recursive descent, bounded in depth and in number, so that a hostile filter costs little.
"""

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from recserve.server.filtering.conditions import (
    AllOf,
    AnyOf,
    Condition,
    IsKnown,
    Not,
    NumberIs,
    TextIs,
)
from recserve.server.filtering.tokens import FilterError, Kind, Token, tokens_of
from recserve.server.schema import DeclaredFeature, FeatureList
from recserve.v1 import schema_pb2

__all__ = ["FilterError", "ItemFilter", "parse_filter"]

MAX_DEPTH = 32
"""Of parentheses and negations."""
MAX_RESTRICTIONS = 100

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUTHS = {"true": 1.0, "false": 0.0}
_KEYWORDS = ("AND", "OR", "NOT")
_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """A filter, read."""

    condition: Condition
    text: str
    """In canonical form: filters of the same text are the same filter."""
    features: FeatureList
    """Those that it was read for."""


@lru_cache(maxsize=512)
def parse_filter(text: str, features: FeatureList) -> ItemFilter | None:
    """Read a filter; None for an empty one, which asks for nothing.

    Args:
        text: The filter.
        features: Those of items.

    Raises:
        FilterError: it is not one, or does not fit the features; the message says where.
    """
    parser = _Parser(text, features)
    if parser.token.kind is Kind.END:
        return None
    condition = parser.filter()
    return ItemFilter(condition, str(condition), features)


class _Parser:
    def __init__(self, text: str, features: FeatureList) -> None:
        self._tokens = tokens_of(text)
        self._features = features
        self._depth = 0
        self._restrictions = 0
        self.token = next(self._tokens)

    def filter(self) -> Condition:
        condition = self._expression()
        if self.token.kind is Kind.CLOSE:
            raise self._error("there is no opening parenthesis to this one")
        if self.token.kind is not Kind.END:
            raise self._error(f"expected AND or OR before {self.token}")
        return condition

    def _expression(self) -> Condition:
        return self._joined("AND", self._factor, AllOf)

    def _factor(self) -> Condition:
        return self._joined("OR", self._term, AnyOf)

    def _joined(
        self,
        keyword: str,
        part: Callable[[], Condition],
        join: Callable[[tuple[Condition, ...]], Condition],
    ) -> Condition:
        parts = [part()]
        while self._is(keyword):
            self._advance()
            parts.append(part())
        return parts[0] if len(parts) == 1 else join(tuple(parts))

    def _term(self) -> Condition:
        denied = self.token.kind is Kind.MINUS or self._is("NOT")
        if not denied and self.token.kind is not Kind.OPEN:
            return self._restriction()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} conditions inside one another")
        self._advance()
        condition: Condition = Not(self._term()) if denied else self._composite()
        self._depth -= 1
        return condition

    def _composite(self) -> Condition:
        condition = self._expression()
        if self.token.kind is not Kind.CLOSE:
            raise self._error(f"expected AND, OR or ) and not {self.token}")
        self._advance()
        return condition

    def _restriction(self) -> Condition:
        self._restrictions += 1
        if self._restrictions > MAX_RESTRICTIONS:
            raise self._error(f"at most {MAX_RESTRICTIONS} comparisons are allowed")
        feature = self._feature()
        comparator = self._advance()
        if comparator.kind is not Kind.COMPARATOR:
            expected = f"expected =, !=, <, <=, >, >= or : after {feature.name!r}"
            raise FilterError(comparator.position, f"{expected}, and not {comparator}")
        value = self._advance()
        if value.kind not in (Kind.WORD, Kind.STRING) or _is_keyword(value):
            what = f"expected a value after {comparator.text!r}, and not {value}"
            raise FilterError(value.position, what)
        return _restriction(feature, comparator, value)

    def _feature(self) -> DeclaredFeature:
        token = self._advance()
        if token.kind is not Kind.WORD or _is_keyword(token):
            raise FilterError(token.position, f"expected the name of a feature, and not {token}")
        feature = self._features.get(token.text)
        if feature is None:
            raise FilterError(token.position, self._unknown(token))
        return feature

    def _unknown(self, token: Token) -> str:
        names = [feature.name for feature in self._features.features]
        if not names:
            return f"items have no feature {token}: the schema declares none for items"
        likely = difflib.get_close_matches(token.text[:64], names, 1)
        hint = (
            f"did you mean {likely[0]!r}?"
            if likely
            else "they have "
            + ", ".join([*names[:_NAMES_SHOWN], *["…"][: len(names) > _NAMES_SHOWN]])
        )
        return f"items have no feature {token}; {hint}"

    def _is(self, keyword: str) -> bool:
        return self.token.kind is Kind.WORD and self.token.text == keyword

    def _advance(self) -> Token:
        """Take the next word; the end stays where it is."""
        taken = self.token
        if taken.kind is not Kind.END:
            self.token = next(self._tokens)
        return taken

    def _error(self, message: str) -> FilterError:
        return FilterError(self.token.position, message)


def _is_keyword(token: Token) -> bool:
    return token.kind is Kind.WORD and token.text in _KEYWORDS


def _restriction(feature: DeclaredFeature, comparator: Token, value: Token) -> Condition:
    """The condition; `!=` is the contrary of `=`."""
    sign = comparator.text
    if feature.type in _WITHOUT_FILTERS:
        raise FilterError(comparator.position, f"{feature.name!r} is of a type without filters")
    if value.kind is Kind.WORD and value.text in ("null", "*"):
        return _presence(feature, comparator, value)
    if feature.type in _READERS:
        if sign == ":":
            what = "a number" if feature.type == schema_pb2.FEATURE_TYPE_NUMERIC else "a time"
            raise FilterError(comparator.position, f"{feature.name!r} is {what}: compare with =")
        number = _READERS[feature.type](feature, value)
        if sign == "!=":
            return Not(NumberIs(feature.name, "=", number))
        return NumberIs(feature.name, sign, number)
    if feature.type == schema_pb2.FEATURE_TYPE_MULTI_VALUED:
        if sign != ":":
            what = f"{feature.name!r} has several values: ask for one with :"
            raise FilterError(comparator.position, what)
        return TextIs(feature.name, value.text)
    if sign not in ("=", "!=", ":"):
        what = f"{feature.name!r} is a category: compare with = or !="
        raise FilterError(comparator.position, what)
    equal = _category(feature, value)
    return Not(equal) if sign == "!=" else equal


def _presence(feature: DeclaredFeature, comparator: Token, value: Token) -> Condition:
    known = IsKnown(feature.name)
    if (comparator.text, value.text) in ((":", "*"), ("!=", "null")):
        return known
    if (comparator.text, value.text) == ("=", "null"):
        return Not(known)
    what = "use = or != with null" if value.text == "null" else "use : with *"
    raise FilterError(comparator.position, f"{what}, or put the value in quotes")


def _category(feature: DeclaredFeature, value: Token) -> Condition:
    """The words true and false stand for the ways in which data write them."""
    if value.kind is Kind.WORD and value.text in _TRUTHS:
        ways = (value.text, value.text.capitalize(), value.text.upper())
        return AnyOf(tuple(TextIs(feature.name, way) for way in ways))
    return TextIs(feature.name, value.text)


def _number(feature: DeclaredFeature, value: Token) -> float:
    if value.kind is Kind.WORD and value.text in _TRUTHS:
        return _TRUTHS[value.text]
    if value.kind is Kind.STRING or not _NUMBER.fullmatch(value.text):
        what = f"{feature.name!r} is a number, and {value} is none"
        raise FilterError(value.position, what)
    number = float(value.text)
    if not math.isfinite(number):
        raise FilterError(value.position, "the number is too large")
    return number


def _seconds(feature: DeclaredFeature, value: Token) -> float:
    """A time, in seconds since 1970 or as ISO 8601; UTC where no zone is given."""
    if value.kind is Kind.WORD and _NUMBER.fullmatch(value.text):
        return _number(feature, value)
    try:
        moment = datetime.fromisoformat(value.text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        what = f'{feature.name!r} is a time, and {value} is none; write it as "2026-01-31T12:00Z"'
        raise FilterError(value.position, what) from None


_WITHOUT_FILTERS = (schema_pb2.FEATURE_TYPE_TEXT, schema_pb2.FEATURE_TYPE_VECTOR)
_READERS: dict[schema_pb2.FeatureType, Callable[[DeclaredFeature, Token], float]] = {
    schema_pb2.FEATURE_TYPE_NUMERIC: _number,
    schema_pb2.FEATURE_TYPE_TIMESTAMP: _seconds,
}
