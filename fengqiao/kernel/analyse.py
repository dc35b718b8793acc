"""Analyse: what do many matters say? Measures are declared over events, without naming an engine (ruling 11).

A measure counts events of some kinds whose data hold some values. It reads the journal and the matters' list columns,
never a text or a person, and touches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Count:
    """Events of these kinds; `where` compares entries of `data` (a value, or a tuple of values)."""

    kinds: tuple[str, ...]
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """A reported figure (SPEC 6): what is counted over what, and what it does not mean."""

    key: str
    label: StrOrPromise
    numerator: Count
    denominator: Count | None
    not_meaning: StrOrPromise
    source: str = "SPEC 6"
