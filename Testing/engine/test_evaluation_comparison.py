"""Many cases: order, progress, and one bad case among good ones."""

from __future__ import annotations

import pytest
from label_maps import EMPTY, FOUND, TRUTH, boxes, write
from tunet.errors import Cancelled
from tunet.evaluation import KITS19, score_case
from tunet.evaluation.cases import Case, Pairing, Refusal
from tunet.evaluation.comparison import evaluate
from tunet.evaluation.grids import ComparisonGrid
from tunet.progress import Progress


def case(folder, number, found):
    name = f"case_{number:05d}"
    return Case(name, write(found, folder / f"{name}.nii"), write(TRUTH, folder / name / "segmentation.nii.gz"))


@pytest.fixture
def pairing(tmp_path):
    """A good, a perfect, an impossible and an empty prediction; one more was refused before."""
    strange = boxes((7, (0, 1), (0, 1), (0, 1)))
    cases = [case(tmp_path, n, found) for n, found in enumerate((FOUND, TRUTH, strange, EMPTY))]
    return Pairing(tuple(cases), (Refusal("case_00009", "case_00009 has no truth."),), ("case_00010",))


def evaluated(pairing, progress=None):
    return evaluate(pairing, KITS19, ComparisonGrid.NATIVE, progress or Progress())


def test_scores_are_those_of_each_case(pairing):
    evaluation = evaluated(pairing)
    assert list(evaluation.scores) == ["case_00000", "case_00001", "case_00003"]
    expected = score_case(FOUND, TRUTH, KITS19).classes["tumor"]
    assert evaluation.scores["case_00000"].classes["tumor"].dice == expected.dice
    assert evaluation.scores["case_00000"].classes["tumor"].truth_ml == pytest.approx(expected.truth_ml)


def test_bad_cases_are_listed_and_the_others_scored(pairing):
    evaluation = evaluated(pairing)
    assert [refusal.name for refusal in evaluation.refused] == ["case_00002", "case_00009"]
    assert evaluation.refused[0].reason.startswith("case_00002: The segmentation holds the label 7")
    assert evaluation.not_predicted == ("case_00010",)


def test_worst_first(pairing):
    assert evaluated(pairing).worst_first == ("case_00003", "case_00000", "case_00001")


def test_progress_counts_cases(pairing):
    events = []
    evaluated(pairing, Progress(listener=events.append))
    assert [event.fraction for event in events if event.fraction] == pytest.approx(
        [0.25] * 2 + [0.5] * 2 + [0.75] * 2 + [1]
    )
    assert events[0].stage == "Scoring case_00000"


def test_cancelling(pairing):
    with pytest.raises(Cancelled):
        evaluated(pairing, Progress(cancelled=lambda: True))


def test_on_the_models_grid(pairing):
    evaluation = evaluate(pairing, KITS19, ComparisonGrid.MODEL, Progress())
    assert evaluation.scores["case_00001"].mean_dice == 1
    assert evaluation.scores["case_00000"].mean_dice != score_case(FOUND, TRUTH, KITS19).mean_dice
