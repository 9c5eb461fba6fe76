"""Scores of a fold, and Table 1 of many."""

from __future__ import annotations

import csv
import io

import pytest
from tunet.errors import InputError
from tunet.training.scores import CaseScore, FoldScores, RegionDice, bootstrap_interval
from tunet.training.table import csv_text, markdown_text, table_rows, write_table


def fold(row, number, *pairs):
    cases = [CaseScore(f"case_{i}", RegionDice(w, t), RegionDice(w / 2, t / 2)) for i, (w, t) in enumerate(pairs)]
    return FoldScores(row, number, tuple(cases))


SCORES = [fold("tunet", 0, (0.8, 0.4), (0.6, 0.0)), fold("tunet", 1, (0.9, 0.6)), fold("ensemble", 0, (1.0, 1.0))]


def test_both_is_the_mean_of_whole_and_tumor():
    assert RegionDice(0.8, 0.4).both == pytest.approx(0.6)


def test_stored_and_read_back(tmp_path):
    SCORES[0].write(tmp_path / "scores.json")
    assert FoldScores.read(tmp_path / "scores.json") == SCORES[0]


def test_file_without_scores(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    with pytest.raises(InputError, match="holds no scores"):
        FoldScores.read(tmp_path / "scores.json")


class TestInterval:
    def test_constant_values_have_no_width(self):
        assert bootstrap_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)

    def test_two_values(self):
        # The mean of two draws from {0, 1} is 0, 1/2, 1 with 1/4, 1/2, 1/4: the 95 % interval is 0 to 1.
        assert bootstrap_interval([0.0, 1.0]) == (0.0, 1.0)


class TestTable:
    def test_mean_and_deviation_over_fold_means(self):
        row = table_rows(SCORES)[0]
        # Fold means 0.7 and 0.9: mean 0.8, deviation sqrt(0.01 + 0.01).
        assert row.found["model", "whole"].mean == pytest.approx(0.8)
        assert row.found["model", "whole"].sd == pytest.approx(0.02**0.5)
        assert (row.folds, row.cases) == (2, 3)

    def test_rows_in_the_papers_order(self):
        assert [row.variant.key for row in table_rows(SCORES[::-1])] == ["tunet", "ensemble"]

    def test_csv_has_both_grids_and_the_paper(self):
        first = next(csv.DictReader(io.StringIO(csv_text(table_rows(SCORES)))))
        assert (first["row"], first["model_tumor_mean"], first["ct_tumor_mean"]) == ("tunet", "0.4000", "0.2000")
        assert first["paper_tumor_mean"] == "0.3080"

    def test_one_fold_has_no_deviation(self):
        assert "| Ensemble | 1 | 1 | 1.000 | 1.000 | 1.000 | 0.500 |" in markdown_text(table_rows(SCORES))

    def test_files(self, tmp_path):
        write_table(SCORES, tmp_path)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["table1.csv", "table1.md", "table1.png"]

    def test_nothing_from_nothing(self, tmp_path):
        write_table([], tmp_path)
        assert not list(tmp_path.iterdir())
