"""What the files of a result are called."""

from __future__ import annotations

SEGMENTATION_NAME = "segmentation.nii.gz"
REPORT_NAME = "report.json"
