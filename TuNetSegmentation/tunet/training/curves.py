"""The picture of a fit: losses, Dice and learning rate over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

COLUMNS = ("epoch", "train_loss", "val_loss", "val_dice_whole", "val_dice_tumor", "learning_rate")


def draw_curves(rows: Sequence[dict[str, float]], path: Path) -> None:
    """Draw one line per column over the epochs; a row has the keys :data:`COLUMNS`, tumor only where trained."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = zip(
        figure.subplots(1, 3),
        (("train_loss", "val_loss"), ("val_dice_whole", "val_dice_tumor"), ("learning_rate",)),
        ("Loss", "Dice of the validation patches at 0.5", "Learning rate"),
        strict=True,
    )
    for axes, names, title in panels:
        for name in names:
            points = [(row["epoch"] + 1, row[name]) for row in rows if name in row]
            if points:
                axes.plot(*zip(*points, strict=True), marker=".", label=name.replace("_", " "))
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.legend()
    figure.savefig(path, dpi=100)
