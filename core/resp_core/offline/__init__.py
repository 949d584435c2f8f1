"""The offline provider: strict, stateful, deterministic, without network or key.

`handle` answers one request from its bytes; `resp_core.offline.loopback` puts it on a port.
"""

from __future__ import annotations

from resp_core.offline.server import handle
from resp_core.offline.state import OfflineState
from resp_core.offline.types import Fault, OfflineReply, OfflineRequest

__all__ = ["Fault", "OfflineReply", "OfflineRequest", "OfflineState", "handle"]
