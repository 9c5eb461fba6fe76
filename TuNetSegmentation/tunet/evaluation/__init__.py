"""How well segmentations agree with the truth, as the KiTS challenges measure it.

``schemes`` says what is compared, ``overlap`` and ``surfaces`` measure, ``scores`` joins them for one case, ``cases``
pairs the files of folders, ``comparison`` scores all of them, ``summary`` describes the whole, ``tables`` and
``report`` write it down, ``worst_cases`` draws it.
"""

from tunet.evaluation.overlap import dice, tumor_dice, whole_dice
from tunet.evaluation.schemes import KITS19, KITS21, KITS23, Scheme
from tunet.evaluation.scores import CaseScores, ClassScores, score_case

__all__ = [
    "KITS19",
    "KITS21",
    "KITS23",
    "CaseScores",
    "ClassScores",
    "Scheme",
    "dice",
    "score_case",
    "tumor_dice",
    "whole_dice",
]
