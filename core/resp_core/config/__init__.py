"""What a configuration says: the arguments of a client as plain data, checked. Pure.

It brings pydantic, and so is imported only where a configuration is read.
"""

from __future__ import annotations

from resp_core.config.reading import Configuration, configuration
from resp_core.config.schema import CALL_ONLY, CODE_ONLY, NAMES
from resp_core.config.shown import rows

__all__ = ["CALL_ONLY", "CODE_ONLY", "NAMES", "Configuration", "configuration", "rows"]
