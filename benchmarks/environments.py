"""Where the peers live: an environment for each Python and each language, made once from its pinned list."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.package.cells import find_python

HERE = Path(__file__).parent
GRAPHILE = HERE / "adapters" / "graphile"
UV = str(Path(sys.executable).with_name("uv"))


def python_for(adapter: str) -> Path:
    """The Python that an adapter runs in, with its peer installed."""
    if adapter == "oban":
        # where none of these is installed, uv brings one
        newer = find_python("3.13") or find_python("3.12") or "3.13"
        return python_with(HERE / "requirements-oban.txt", HERE / ".venv-oban", str(newer))
    if adapter == "graphile_worker":
        npm = ["npm", "install", "--prefix", str(GRAPHILE), "--no-package-lock", "--silent"]
        make(GRAPHILE / "package.json", GRAPHILE / "node_modules", npm)
    return python_with(HERE / "requirements.txt", HERE / ".venv", sys.executable)


def python_with(requirements: Path, place: Path, python: str) -> Path:
    interpreter = place / "bin" / "python"
    make(
        requirements,
        place,
        [UV, "venv", "--quiet", "--clear", "--python", python, str(place)],
        [UV, "pip", "install", "--quiet", "--python", str(interpreter), "-r", str(requirements)],
    )
    return interpreter


def make(pinned: Path, place: Path, *commands: list[str]) -> None:
    """Run the commands, unless what is there is what the list asks for."""
    wanted = hashlib.sha256(pinned.read_bytes()).hexdigest()
    stamp = place / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    for command in commands:
        subprocess.run(command, check=True)
    stamp.write_text(wanted)
