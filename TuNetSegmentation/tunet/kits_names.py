"""What the files of a case are called in a dataset of the KiTS layout: ``case_00000/imaging.nii.gz`` and its labels."""

from __future__ import annotations

IMAGING_NAME = "imaging.nii.gz"
SEGMENTATION_NAME = "segmentation.nii.gz"
# KiTS21 names its agreed label map after the way it was agreed on: by majority vote.
MAJORITY_NAME = "aggregated_MAJ_seg.nii.gz"
# In the order they are looked for; some unpack what they download.
IMAGING_NAMES = (IMAGING_NAME, "imaging.nii")
SEGMENTATION_NAMES = (SEGMENTATION_NAME, "segmentation.nii", MAJORITY_NAME)
