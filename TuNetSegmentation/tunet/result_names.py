"""What the files of a result are called."""

from __future__ import annotations

from tunet import kits_names

# As in a dataset, so that a folder of results can be scored against one.
SEGMENTATION_NAME = kits_names.SEGMENTATION_NAME
REPORT_NAME = "report.json"
# Probability maps, where they are wanted.
MAP_NAMES = tuple(f"{name}.nii.gz" for name in ("localization", "whole", "tumor", "uncertainty"))
