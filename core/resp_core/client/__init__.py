"""The clients: wiring only. One file per resource; what a call means stands in `flow`."""

from __future__ import annotations

from resp_core.client.async_client import AsyncClient
from resp_core.client.sync_client import Client

__all__ = ["AsyncClient", "Client"]
