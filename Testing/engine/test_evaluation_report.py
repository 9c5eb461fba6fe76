"""What people and programs are told."""

from __future__ import annotations

import json

import pytest
from label_maps import EMPTY, FOUND, TRUTH
from tunet.evaluation import KITS19, KITS23, score_case
from tunet.evaluation.cases import Refusal
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.report import as_json, markdown, remarks, summary_rows, worst_rows
from tunet.evaluation.summary import summarize


@pytest.fixture(scope="module")
def evaluation():
    scores = {
        "case_00001": score_case(TRUTH, TRUTH, KITS23),
        "case_00002": score_case(FOUND, TRUTH, KITS23),
        "case_00003": score_case(FOUND, EMPTY, KITS23),
    }
    missing = tuple(f"case_{n:05d}" for n in range(10, 22))
    refused = (Refusal("case_00004", "case_00004 has no truth; add it."),)
    return Evaluation(KITS23, ComparisonGrid.NATIVE, scores, refused, missing, ("case_00001: large.",))


@pytest.fixture(scope="module")
def summary(evaluation):
    return summarize(evaluation)


def test_rows_name_a_class_once(evaluation, summary):
    rows = summary_rows(evaluation, summary)
    assert [row[0] for row in rows if row[0]] == ["Kidney + masses", "Masses", "Tumor", "All classes"]
    dice = next(row for row in rows if row[0] == "Tumor")
    assert (dice[1], dice[2], dice[5], dice[6]) == ("Dice", "0.600", "0.800", "3")


def test_measures_nobody_took_have_no_row():
    kits19 = Evaluation(KITS19, ComparisonGrid.NATIVE, {"a": score_case(FOUND, TRUTH, KITS19)})
    measures = {row[1] for row in summary_rows(kits19, summarize(kits19))}
    assert not measures & {"Surface Dice", "HD95 mm"}


def test_worst_come_first(evaluation):
    rows = worst_rows(evaluation, count=2)
    assert rows[0] == ("case_00003", "0.000", "0.000", "0.000", "0.000")
    assert rows[1][0] == "case_00002"


def test_remarks(evaluation, summary):
    text = "\n".join(remarks(evaluation, summary))
    assert "Tumor detected (Dice above 0): 2 of 2 cases that had one (100 %)" in text
    assert "false alarms: 1 of 1 case that had none." in text
    assert "Tumor: HD95 is undefined in 1 case" in text
    assert "12 cases of the truth (case_00010" in text
    assert "and 2 more)" in text
    assert "case_00001: large." in text


def test_markdown_tables_have_as_many_cells_as_columns(evaluation, summary):
    page = markdown(evaluation, summary)
    for block in page.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1
    assert "- case_00004 has no truth; add it." in page
    assert "3 cases scored, 1 case refused, on the CT's own grid." in page


def test_json_holds_all_of_it(evaluation, summary):
    content = json.loads(as_json(evaluation, summary))
    assert content["classes"]["mass"] == {"labels": [2, 3], "tolerance_mm": 1.1328796488598762}
    assert content["cases"]["case_00002"]["tumor"]["dice"] == pytest.approx(0.8)
    assert content["cases"]["case_00003"]["tumor"]["hd95_mm"] is None
    assert content["summary"]["classes"]["tumor"]["dice"]["mean"] == pytest.approx(0.6)
    assert content["detection_rate"]["tumor"] == 1
    assert content["refused"] == {"case_00004": "case_00004 has no truth; add it."}
    assert content["versions"]["surface-distance"]
