"""Print pip constraints that pin every direct dependency to the floor in pyproject.toml.

Run-time dependencies and extras only; the tools under `dev` stay free.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

FLOOR = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*>=\s*([0-9][^,;\s]*)")


def floors(pyproject: dict[str, dict[str, object]]) -> dict[str, str]:
    """Distribution name to lowest allowed version."""
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    listed = [project["dependencies"], *(reqs for name, reqs in extras.items() if name != "dev")]
    found = (FLOOR.match(requirement) for reqs in listed for requirement in reqs)
    return {match[1]: match[2] for match in found if match}


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    for name, version in sorted(
        floors(tomllib.loads((root / "pyproject.toml").read_text())).items()
    ):
        print(f"{name}=={version}")
