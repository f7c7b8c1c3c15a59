"""The ``diptych`` command of the wheel: it starts the program in the package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from pathlib import Path

from ._native import Error


def program() -> str:
    """The program's path."""
    given = os.environ.get("DIPTYCH_PROGRAM")
    path = Path(given) if given else Path(__file__).parent / "bin" / "diptych"
    if not path.exists():
        raise Error(f"{path}: not found; install the wheel, or set DIPTYCH_PROGRAM")
    return str(path)


# The torch that diptych-torch was built against; see pyproject.toml.
TORCH = "2.13"


def environment() -> dict[str, str]:
    """The environment in which the program finds torch's libraries, without importing torch."""
    variables = dict(os.environ)
    install = "pip install 'diptych[train]'"
    # Found by name only, because importing torch takes a second.
    found = importlib.util.find_spec("torch")
    if not found or not found.submodule_search_locations:
        variables["DIPTYCH_NO_TORCH"] = f"torch is missing, which this command needs: {install}"
        return variables
    version = importlib.metadata.version("torch")
    if version.split(".")[:2] != TORCH.split("."):
        variables["DIPTYCH_NO_TORCH"] = (
            f"torch {version} is installed, this command needs {TORCH}: {install}"
        )
        return variables
    variables["DIPTYCH_TORCH"] = os.path.join(found.submodule_search_locations[0], "lib")
    return variables


def main() -> None:
    """Replaces this process by the program."""
    try:
        path = program()
    except Error as error:
        print(f"diptych: {error}", file=sys.stderr)
        sys.exit(1)
    os.execve(path, [path, *sys.argv[1:]], environment())
