"""``tunet synthesize``: labelled phantoms, or CTs around real masks, in the KiTS layout."""

from __future__ import annotations

from pathlib import Path

from rich.progress import Progress as Bar

from tunet.commands.console import err, out
from tunet.errors import InputError, UsageError
from tunet.grid import Triple
from tunet.rendering import chosen_masks, find_masks, patients, render_dataset
from tunet.rendering.dataset import LICENSE_NAME, MaskFile
from tunet.synthesis import PhantomRecipe, write_dataset

_DEFAULT_COUNT = 10


def run(output: Path, count: int | None, seed: int, spacing: str | None) -> None:
    """Write ``count`` phantoms with the seeds ``seed``, ``seed + 1``, ...

    Raises:
        UsageError: the spacing is not three sizes between 0.3 and 10 mm.
    """
    recipe = PhantomRecipe(spacing_mm=_spacing(spacing)) if spacing else PhantomRecipe()
    written = write_dataset(output, range(seed, seed + (count or _DEFAULT_COUNT)), recipe)
    out.print(f"Wrote {len(written)} cases to {output}")


def run_masks(output: Path, masks: Path, cases: str | None, count: int | None, seed: int, spacing: str | None) -> None:
    """Render a CT around every mask of a folder, or around the chosen ones.

    Raises:
        UsageError: the cases or the spacing cannot be read, or a case is not there.
        InputError: there are no masks, or some could not be used.
    """
    size = _spacing(spacing) if spacing else None
    chosen = chosen_masks(find_masks(masks), cases)[:count]
    failed = []
    with Bar(console=err, transient=True) as bar:
        task = bar.add_task("Rendering", total=len(chosen))

        def done(mask: MaskFile, error: InputError | None) -> None:
            bar.update(task, advance=1, description=mask.name)
            if error:
                failed.append(mask.name)
                err.print(f"Left out {mask.name}: {error}", style="yellow", highlight=False, soft_wrap=True)

        written = render_dataset(chosen, output, seed, size, patients(masks), done)
    out.print(f"Wrote {len(written)} cases to {output}; {LICENSE_NAME} there says under which licence.")
    if failed:
        raise InputError(f"{len(failed)} of {len(chosen)} masks could not be used: {', '.join(failed)}; see above why.")


def _spacing(text: str) -> Triple:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--spacing takes x,y,z in mm, for example 1.5,1.5,3; got {text!r}.") from None
    if not all(0.3 <= value <= 10 for value in (x, y, z)):
        raise UsageError(f"--spacing must lie between 0.3 and 10 mm, got {text!r}.")
    return x, y, z
