"""Options that several commands share, and how their text is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunet.errors import UsageError

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")]
JsonProgress = Annotated[bool, typer.Option("--json-progress", help="Progress as JSON lines on stdout.")]
Bundle = Annotated[str, typer.Option(metavar="NAME|PATH", help="Model: name, folder or zip.")]
Variant = Annotated[str | None, typer.Option(help="A variant of the bundle; default its ensemble.")]
Profile = Annotated[str | None, typer.Option(help="Post-processing: clinical, paper or plain; default the bundle's.")]
WholeThreshold = Annotated[
    str | None, typer.Option(metavar="T,LOWER", help="Kidney thresholds: certain, and grown into.")
]
TumorThreshold = Annotated[str | None, typer.Option(metavar="T,LOWER", help="The same for the tumor.")]
Postprocess = Annotated[
    bool, typer.Option("--postprocess/--no-postprocess", help="Algorithm 1, or both maps cut at 0.5.")
]
SaveProbabilities = Annotated[bool, typer.Option("--save-probabilities", help="Write the probability maps too.")]
Mirrored = Annotated[
    bool,
    typer.Option(
        "--mirrored",
        help="Uncertainty of a single model from mirrored passes (4x the time); its labels stay as they are.",
    ),
]
Stride = Annotated[int | None, typer.Option(help="Voxels between windows (the paper: 32); default the bundle's.")]
Windows = Annotated[
    str,
    typer.Option(help="kidneys (where L-Net saw one), everywhere (the paper's plan), or auto."),
]
Segmentation = Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumor, 3 cyst.")]
Series = Annotated[str | None, typer.Option(help="DICOM series number or UID; default the largest axial CT.")]
Edit = Annotated[
    list[str] | None,
    typer.Option(metavar="LESION:PARTS", help='Set by you, like "1:N=2,A=p,h,collecting=1".'),
]
RunReport = Annotated[
    Path | None, typer.Option(metavar="FILE", help="report.json of the model's run; default the one beside it.")
]
Predicted = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The model's first segmentation, to tell what was corrected.")
]


def two_numbers(option: str, text: str | None) -> tuple[float, float] | None:
    """The pair of ``0.5,0.3``, if given.

    Raises:
        UsageError: it is no pair of numbers.
    """
    if text is None:
        return None
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} takes T,LOWER, for example 0.5,0.3; got {text!r}.") from None
    return first, second


def words(text: str) -> tuple[str, ...]:
    """The words of ``a,b``."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def six_numbers(text: str | None) -> tuple[int, int, int, int, int, int] | None:
    """The box of ``x0,x1,y0,y1,z0,z1`` (voxels, ends excluded), if given.

    Raises:
        UsageError: it is not six whole numbers.
    """
    if text is None:
        return None
    try:
        x0, x1, y0, y1, z0, z1 = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--roi takes six whole numbers x0,x1,y0,y1,z0,z1; got {text!r}.") from None
    return x0, x1, y0, y1, z0, z1
