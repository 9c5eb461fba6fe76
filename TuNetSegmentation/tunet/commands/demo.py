"""``tunet demo``: the whole way on a phantom nobody trained on, with pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.table import Table

from tunet.choices import Choices
from tunet.commands.console import err, out, show_seconds, shown_progress
from tunet.commands.segment import SegmentRequest
from tunet.commands.segment import run as run_segment
from tunet.errors import UsageError, installing
from tunet.evaluation import tumor_dice, whole_dice
from tunet.kits_names import IMAGING_NAME
from tunet.models import PHANTOM_BUNDLE
from tunet.result_names import SEGMENTATION_NAME
from tunet.synthesis import PhantomRecipe, write_dataset
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels, read_map

# One tumor of a size that is usually found; small and non-enhancing ones are in the model card's numbers.
DEMO_PHANTOM = PhantomRecipe(tumor_counts=(0.0, 1.0, 0.0), tumor_mm=(30.0, 50.0))


def run(output: Path, seed: int, device: str, precision: str) -> None:
    """Make a phantom, segment it, print Dice, volumes and seconds, draw contours and overlays.

    Raises:
        UsageError: Matplotlib is not installed.
        TunetError: as ``tunet segment``.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError(f"The demo draws pictures with Matplotlib; {installing('demo')}") from None
    mpl.use("Agg")
    from tunet import pictures

    err.print(f"Making phantom {seed}, which no model was trained on ...", style="dim")
    case = write_dataset(output, [seed], DEMO_PHANTOM)[0]
    result = output / "result"
    request = SegmentRequest(
        case / IMAGING_NAME,
        result,
        Choices(PHANTOM_BUNDLE, device=device, precision=precision),
        save_probabilities=True,
    )
    with shown_progress(as_json=False) as progress:
        report = run_segment(request, progress)
    ct, truth = read_ct(case / IMAGING_NAME).volume, read_labels(case / SEGMENTATION_NAME)
    found = read_labels(result / SEGMENTATION_NAME)
    scores = {"whole_dice": whole_dice(found, truth), "tumor_dice": tumor_dice(found, truth)}
    (output / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")

    title = f"Phantom {seed}: kidney + tumor Dice {scores['whole_dice']:.3f}, tumor Dice {scores['tumor_dice']:.3f}"
    pictures.contour_picture(ct, found, truth, title, output / "contours.png")
    names = ("localization", "whole", "tumor", "uncertainty")
    maps = {name: read_map(result / f"{name}.nii.gz") for name in names if (result / f"{name}.nii.gz").exists()}
    pictures.probability_picture(ct, maps, found, f"Phantom {seed}: probability maps", output / "probabilities.png")

    table = Table("", "Dice", "Found", "Truth", box=None)
    table.add_row(
        "Kidney + tumor", f"{scores['whole_dice']:.3f}", _ml(found.array > 0, found), _ml(truth.array > 0, truth)
    )
    table.add_row("Tumor", f"{scores['tumor_dice']:.3f}", _ml(found.array == 2, found), _ml(truth.array == 2, truth))
    out.print(table)
    show_seconds(report.seconds)
    out.print(f"Pictures: {output / 'contours.png'} and {output / 'probabilities.png'}")
    out.print("A phantom is not a patient. For research use; not a medical device.", style="dim")


def _ml(mask: npt.NDArray[np.bool_], volume: Volume) -> str:
    return f"{int(mask.sum()) * volume.grid.voxel_volume_mm3 / 1000:.1f} ml"
