"""`python -m resp_core.cli`: the `resp` command of this interpreter."""

from __future__ import annotations

from resp_core.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
