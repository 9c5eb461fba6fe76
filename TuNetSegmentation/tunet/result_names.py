"""What the files of a result are called."""

from __future__ import annotations

SEGMENTATION_NAME = "segmentation.nii.gz"
REPORT_NAME = "report.json"
# Probability maps, where they are wanted.
MAP_NAMES = tuple(f"{name}.nii.gz" for name in ("localization", "whole", "tumor", "uncertainty"))
