"""Write constraints.txt: the versions in the newest environment, names and versions only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Versions that the suite passes with. Written by `make constraints`.\n"

if __name__ == "__main__":
    folder = ROOT / f".venv-newest-{sys.version_info[0]}.{sys.version_info[1]}"
    freeze = [str(folder / "bin" / "python"), "-m", "pip", "freeze", "--exclude-editable"]
    lines = subprocess.check_output(freeze, text=True).splitlines()
    pins = sorted(line for line in lines if "==" in line)
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(pins) + "\n")
