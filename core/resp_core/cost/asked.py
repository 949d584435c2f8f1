"""What decides a price beside the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a call beside its answer; see `resp_core.cost_of`."""

    provider: str
    model: str | None = None
    base_model: str | None = None
    api: str | None = None
    service_tier: str | None = None
    processing: str | None = None
    region: str | None = None
    data_zone: str | None = None
    deployment_type: str | None = None
    image_model: str | None = None
    request: JsonObject | None = None
