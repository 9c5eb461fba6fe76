"""``tunet synthesize``: labelled phantoms in the KiTS layout."""

from __future__ import annotations

from pathlib import Path

from tunet.commands.console import out
from tunet.errors import UsageError
from tunet.grid import Triple
from tunet.synthesis import PhantomRecipe, write_dataset


def run(output: Path, count: int, seed: int, spacing: str) -> None:
    """Write ``count`` phantoms with the seeds ``seed``, ``seed + 1``, ...

    Raises:
        UsageError: the spacing is not three sizes between 0.3 and 10 mm.
    """
    written = write_dataset(output, range(seed, seed + count), PhantomRecipe(spacing_mm=_spacing(spacing)))
    out.print(f"Wrote {len(written)} cases to {output}")


def _spacing(text: str) -> Triple:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--spacing takes x,y,z in mm, for example 1.5,1.5,3; got {text!r}.") from None
    if not all(0.3 <= value <= 10 for value in (x, y, z)):
        raise UsageError(f"--spacing must lie between 0.3 and 10 mm, got {text!r}.")
    return x, y, z
