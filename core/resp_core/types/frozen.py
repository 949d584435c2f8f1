"""Dataclasses of which every call makes some."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

__all__ = ["frozen"]

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_Class]) -> type[_Class]:
    """A dataclass with slots, read-only to the type checker.

    At run time nothing keeps one from being changed: an object that does takes three times as long
    to make, and a call makes fifteen. What users are handed is frozen in earnest.
    """
    return dataclass(slots=True)(cls)
