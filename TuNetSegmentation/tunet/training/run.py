"""What a training run leaves behind: ``run.json`` beside its weights says exactly what was trained and how."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from tunet import __version__
from tunet.atomic import write_text
from tunet.compute import device_name, resolve
from tunet.errors import InputError
from tunet.networks.size import NetworkSize
from tunet.recipe import Recipe
from tunet.training.config import FitConfig
from tunet.windows import Blend, Windowing

RUN_NAME = "run.json"
LOCALIZATION = "localization"


@dataclass(frozen=True)
class RunRecord:
    """One trained network.

    Attributes:
        network: ``"localization"`` for an L-Net, else the key of a variant.
        size: width and depth.
        recipe: preprocessing.
        windowing: windows it is meant to be run with.
        dataset: the data in words.
        details: configuration, versions, machine; for people and provenance.
    """

    network: str
    size: NetworkSize
    recipe: Recipe
    windowing: Windowing
    dataset: str
    details: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write ``run.json`` into the run's folder."""
        data = {
            **asdict(self),
            "recipe": self.recipe.to_json(),
            "windowing": {**asdict(self.windowing), "blend": self.windowing.blend.value},
        }
        write_text(folder / RUN_NAME, json.dumps(data, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """The record of a run's folder.

        Raises:
            InputError: the folder holds no readable ``run.json``.
        """
        try:
            data = json.loads((folder / RUN_NAME).read_text(encoding="utf-8"))
            windowing = data["windowing"]
            return cls(
                network=data["network"],
                size=NetworkSize(**data["size"]),
                recipe=Recipe.from_json(data["recipe"]),
                windowing=Windowing(tuple(windowing["window"]), tuple(windowing["stride"]), Blend(windowing["blend"])),
                dataset=data["dataset"],
                details=data["details"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{folder} is not a finished training run ({error}); give the folder of a run.") from error


def run_details(config: FitConfig) -> dict[str, Any]:
    """Configuration, versions, machine and code state, as plain values."""
    packages = ("torch", "lightning", "monai", "numpy", "SimpleITK")
    return {
        "config": plain(asdict(config)),
        "versions": {
            "tunet": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in packages},
        },
        "machine": f"{platform.node()}, {platform.system()} {platform.machine()}, {device_name(resolve().device)}",
        "commit": _commit(),
    }


def plain(value: Any) -> Any:
    """Enums as their values, in dicts and sequences too: what JSON can hold."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@cache
def _commit() -> str | None:
    """Of the code as it was when this process asked first; the checkout may move on while a run is at work."""
    here = Path(__file__).parent
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(words, cwd=here, capture_output=True, text=True, check=False)
    except OSError:  # no git on this machine
        return None
    return done.stdout.strip() or None
