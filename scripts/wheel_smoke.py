"""Build the wheel, install it in an environment of its own, and use it as a newcomer would.

First with the base dependencies alone: import, one offline call each way, `resp` without its
extra. Then the adapters and the demo, with the extras' packages lent by the environment that runs
this script: installing them again would take most of the two minutes that this may last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BASE = """
import importlib.metadata, importlib.util
import resp_core
assert "site-packages" in resp_core.__file__, resp_core.__file__
assert importlib.util.find_spec("langchain_core") is None, "base must stay small"
client = resp_core.Client(model="offline/demo")
plain = client.responses.create(input="Say hello.")
assert plain.output_text
streamed = "".join(
    event.delta for event in client.responses.stream(input="Say hello.")
    if event.type == "response.output_text.delta"
)
assert streamed == plain.output_text, (streamed, plain.output_text)
chat = client.chat.completions.create(messages=[{"role": "user", "content": "Say hello."}])
assert chat.choices[0].message.content
print("base: ok", importlib.metadata.version("respkit"))
"""

FULL = """
import langchain_resp
assert "/venv/" in langchain_resp.__file__.replace("\\\\", "/"), langchain_resp.__file__
from langchain_resp import ChatResp
from llamaindex_resp import RespLLM
model = ChatResp(model="offline/demo")
streamed = "".join(chunk.text for chunk in model.stream("Say hello."))
assert streamed == model.invoke("Say hello.").text
assert str(RespLLM(model="offline/demo").complete("Say hello."))
print("adapters: ok")
"""


def main() -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", name]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = folder.glob("*.whl")
        venv = folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        python = str(venv / ("Scripts" if os.name == "nt" else "bin") / "python")
        install(python, str(wheel))
        run(python, "-c", BASE, cwd=folder)
        refused = subprocess.run(
            [str(Path(python).with_name("resp")), "demo"], capture_output=True, text=True
        )
        assert refused.returncode, "resp needs its extra"
        assert "respkit[" in refused.stdout + refused.stderr, refused.stderr
        lent = sysconfig.get_path("purelib")
        run(python, "-c", FULL, cwd=folder, lent=lent)
        run(str(Path(python).with_name("resp")), "demo", "--plain", cwd=folder, lent=lent)
    print(f"wheel: ok in {time.monotonic() - started:.0f} s")
    return 0


def install(python: str, what: str) -> None:
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), what], check=True)


def run(*command: str, cwd: Path, lent: str = "") -> None:
    """Run to its end, with `lent` (a site-packages folder) on the path; show its last line."""
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    env |= {"PYTHONPATH": lent} if lent else {}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed\n{done.stdout}\n{done.stderr}")
    print(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
