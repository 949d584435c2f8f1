"""Build the virtual environments of this checkout, each once, several at a time.

    python3 scripts/envs.py demo            .venv, what `make demo` needs
    python3 scripts/envs.py test openai2    .venv with the test tools, and .venv-openai2
    python3 scripts/envs.py --list

An environment is rebuilt when the hash of its interpreter, requirements and constraints differs
from the one in its stamp file. Standard library only; any Python from 3.11 on will do.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = (3, 11)
STAMP = "requirements.sha256"


@dataclass(frozen=True)
class Env:
    """`folder` under the checkout; `extras` of this project (None: it is not installed)."""

    folder: str
    requirements: tuple[str, ...] = ()
    extras: str | None = None
    #: "tested" is constraints.txt, "lowest" the floors of pyproject.toml, None whatever is newest.
    versions: str | None = None
    #: Another environment in the same folder that this one contains.
    contains: str | None = None
    #: Installed last and without their dependencies: what pip would refuse beside the rest.
    overlay: tuple[str, ...] = ()


ENVS: dict[str, Env] = {
    "demo": Env(".venv", extras="all", versions="tested"),
    "test": Env(".venv", extras="all,dev", versions="tested", contains="demo"),
    "lowest": Env(".venv-lowest", extras="all,dev", versions="lowest"),
    "newest": Env(".venv-newest-{python}", extras="all,dev"),
    # langchain-core 1.8.1 wants a certifi that is not to be had everywhere yet.
    "langchain18": Env(
        ".venv-langchain18", extras="all,dev", versions="tested", overlay=("langchain-core==1.8.1",)
    ),
    # What the users of both adapters have installed as well.
    "beside": Env(
        ".venv-beside",
        ("openai==3.51.0", "langchain-openai>=1.7,<2"),
        extras="all,dev",
        versions="tested",
    ),
    # Peers: packages whose pins exclude each other, or ours. Tests reach them over loopback.
    "openai2": Env(".venv-openai2", ("openai==2.54.0",)),
    "openai3": Env(
        ".venv-openai3", ("openai==3.51.0", "langchain-openai>=1.7,<2", "langchain>=1.4,<2")
    ),
    # With ours: opened client sessions of either version are handed to it.
    "mcp1": Env(".venv-mcp1", ("mcp==1.30.0",), extras=""),
    "mcp2": Env(".venv-mcp2", ("mcp==2.3.0",), extras=""),
    "llamaindex-peer": Env(
        ".venv-llamaindex-peer",
        (
            "llama-index-llms-openai==0.8.3",
            *("pytest>=9.0.3,<10", "pytest-asyncio>=1.3,<2", "pytest-timeout>=2.4"),
            "hypothesis>=6.140",
        ),
        extras="llamaindex",
        versions="tested",
    ),
    # For its price table alone, which the tests compare with ours: nothing that it needs.
    "litellm": Env(".venv-litellm", overlay=("litellm==1.106.2",)),
    # litellm's responses() imports mcp.
    "peers": Env(".venv-peers", ("litellm==1.106.2", "mcp")),
    # httpx imports its command line where rich is installed: the floor is measured without it.
    "floor": Env(
        ".venv-floor",
        ("httpx==0.28.1", "httpx2>=2.16,<3", "aiohttp>=3.14,<4", "orjson>=3.11,<4", "sniffio"),
    ),
}
#: Names that stand for several.
GROUPS = {
    "sdks": ("openai2", "openai3", "mcp1", "mcp2", "litellm", "llamaindex-peer"),
    "bench": ("floor", "openai3", "peers", "llamaindex-peer"),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*ENVS, *GROUPS]))
    parser.add_argument("--list", action="store_true", help="names and folders, then stop")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter to build with (default: this one)"
    )
    args = parser.parse_args()
    if args.list or not args.names:
        for name, env in ENVS.items():
            print(f"{name:10} {env.folder:24} {' '.join(env.requirements) or f'.[{env.extras}]'}")
        return 0
    if unknown := [name for name in args.names if name not in ENVS and name not in GROUPS]:
        parser.error(f"no such environment: {', '.join(unknown)}")
    version = interpreter_version(args.python)
    if version < MINIMUM:
        print(f"{args.python} is Python {version[0]}.{version[1]}; 3.11 or later is needed.")
        return 1
    names = dict.fromkeys(n for name in args.names for n in GROUPS.get(name, (name,)))
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        results = list(pool.map(lambda name: ensure(ENVS[name], args.python, version), names))
    return 0 if all(results) else 1


def tell(line: str) -> None:
    """One write, so that lines of several threads do not mix."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def interpreter_version(python: str) -> tuple[int, int]:
    code = "import sys; print(*sys.version_info[:2])"
    major, minor = subprocess.check_output([python, "-c", code], text=True).split()
    return int(major), int(minor)


def ensure(env: Env, python: str, version: tuple[int, int]) -> bool:
    """Build `env` unless its stamp says that it stands already. False: pip failed."""
    folder = ROOT / env.folder.format(python=f"{version[0]}.{version[1]}")
    wanted = digest(env, version)
    stamp = folder / STAMP
    if stamp.is_file() and wanted in stamp.read_text().split():
        return True
    started = time.monotonic()
    tell(f"{folder.name}: building")
    # Only exact pins can be brought about in an environment that holds something already.
    if env.versions != "tested" or not same_python(folder, version):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    if not install(env, folder):
        return False
    inner = [digest(ENVS[env.contains], version)] if env.contains else []
    stamp.write_text("\n".join([wanted, *inner]) + "\n")
    tell(f"{folder.name}: ready in {time.monotonic() - started:.0f} s")
    return True


def same_python(folder: Path, version: tuple[int, int]) -> bool:
    python = bin_of(folder, "python")
    return python.exists() and interpreter_version(str(python)) == version


def install(env: Env, folder: Path) -> bool:
    wanted = [*env.requirements]
    if env.overlay and not wanted and env.extras is None:
        return pip(folder, "--no-deps", *env.overlay)
    if constraints := constraints_text(env):
        file = folder / "constraints.txt"
        file.write_text(constraints)
        wanted += ["-c", str(file)]
    if env.extras is not None:
        wanted += ["-e", f"{ROOT}[{env.extras}]" if env.extras else str(ROOT)]
    return pip(folder, *wanted) and (not env.overlay or pip(folder, "--no-deps", *env.overlay))


def pip(folder: Path, *wanted: str) -> bool:
    """`pip install`; False, and its words on the screen, if it failed."""
    command = [str(bin_of(folder, "python")), "-m", "pip", "install", "-qq"]
    command += ["--disable-pip-version-check", "--no-input", *wanted]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        tell(f"{folder.name}: pip failed\n{done.stdout}")
    return done.returncode == 0


def constraints_text(env: Env) -> str:
    if env.versions == "tested":
        return (ROOT / "constraints.txt").read_text()
    if env.versions == "lowest":
        script = ROOT / "scripts" / "lowest.py"
        return subprocess.check_output([sys.executable, str(script)], text=True)
    return ""


def digest(env: Env, version: tuple[int, int]) -> str:
    """A hash of all that decides what pip would install."""
    parts = [str(version), *env.requirements, env.extras or "", constraints_text(env), *env.overlay]
    if env.extras is not None:
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
        parts += [repr(settings[key]) for key in ("build-system", "project")]
        parts.append(repr(settings["tool"]["hatch"]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def bin_of(folder: Path, name: str) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin") / name


if __name__ == "__main__":
    sys.exit(main())
