"""The result table and the contact sheet, from rows."""

from __future__ import annotations

import csv
import json

import matplotlib.image
import numpy as np
import pytest
from planning_cases import kidney_labels
from tunet.batch.contact_sheet import COLUMNS, ROWS_PER_PAGE, WARNING_COLOR, write_contact_sheet
from tunet.batch.preview import HEIGHT, WIDTH, write_preview
from tunet.batch.table import Row, Status, row_of, write_table
from tunet.measurement.measures import measure
from tunet.volume import Volume


@pytest.fixture(scope="module")
def measurement():
    return measure(kidney_labels())


def read_csv(folder):
    return list(csv.DictReader((folder / "results.csv").open(encoding="utf-8-sig")))


class TestTable:
    def test_a_row_has_the_measures_of_the_largest_lesion(self, measurement):
        row = row_of("x", "x.nii", measurement, image="", message="", seconds=1.26)
        kidneys = {kidney.side: kidney.parenchyma_ml for kidney in measurement.kidneys}
        assert row.left_kidney_ml == pytest.approx(kidneys["left"], abs=0.05)
        assert row.right_kidney_ml == pytest.approx(kidneys["right"], abs=0.05)
        assert row.lesions == 1
        # A ball of 12 mm radius.
        assert row.largest_mm == pytest.approx(24, abs=1.5)
        assert row.tumor_ml == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.05)
        assert (row.renal_total, row.renal) == (measurement.lesions[0].renal.total, measurement.lesions[0].renal.text)
        assert row.seconds == 1.3

    def test_nothing_found(self):
        row = row_of("x", "x.nii", None, image="", message="No kidney was found.", seconds=1)
        assert (row.left_kidney_ml, row.lesions, row.largest_mm, row.renal) == (None, 0, None, None)

    def test_csv_and_json_say_the_same(self, tmp_path):
        rows = [Row("Müller", Status.DONE, "a", 1.5, lesions=0), Row("b", Status.FAILED, "b", message="Is, broken.")]
        write_table(rows, tmp_path, tmp_path)
        assert [Row.from_json(data) for data in json.loads((tmp_path / "results.json").read_text())["cases"]] == rows
        found = read_csv(tmp_path)
        assert [(line["name"], line["status"], line["left_kidney_ml"], line["message"]) for line in found] == [
            ("Müller", "done", "1.5", ""),
            ("b", "failed", "", "Is, broken."),
        ]

    def test_a_spreadsheet_gets_no_formula(self, tmp_path):
        write_table([Row("x", Status.FAILED, "x", message="=HYPERLINK()")], tmp_path, tmp_path)
        assert read_csv(tmp_path)[0]["message"] == "'=HYPERLINK()"


def colors(path):
    return {tuple(color) for color in (matplotlib.image.imread(path)[..., :3] * 255).astype(int).reshape(-1, 3)}


class TestPreview:
    def test_shows_kidney_and_tumor_at_any_orientation(self, measurement, tmp_path):
        labels = kidney_labels()
        ct = Volume(np.where(labels.array > 0, 150, -50).astype(np.float32), labels.grid)
        write_preview(ct, labels, measurement, tmp_path / "x.png")
        picture = matplotlib.image.imread(tmp_path / "x.png")[..., :3]
        assert picture.shape == (HEIGHT, WIDTH, 3)
        orange = np.abs(picture - np.array([0xFF, 0x9D, 0x3B]) / 255).max(axis=-1) < 0.1
        cyan = np.abs(picture - np.array([0x2B, 0xD4, 0xFF]) / 255).max(axis=-1) < 0.1
        # The left kidney, which has the tumor, is on the viewer's right.
        assert np.flatnonzero(cyan.any(axis=0)).min() > WIDTH / 2
        assert np.flatnonzero(orange.any(axis=0)).min() < WIDTH / 2

    def test_without_a_finding(self, tmp_path):
        labels = kidney_labels()
        empty = Volume(np.zeros_like(labels.array), labels.grid)
        write_preview(Volume(empty.array.astype(np.float32), labels.grid), empty, None, tmp_path / "x.png")
        assert (tmp_path / "x.png").is_file()


class TestContactSheet:
    def test_pages_and_what_an_earlier_run_left(self, tmp_path):
        (tmp_path / "contact_sheet_7.png").write_text("stale")
        users = tmp_path / "contact_sheet_reviewed.png"
        users.write_text("looked at")
        count = COLUMNS * ROWS_PER_PAGE + 1
        rows = [Row(f"case_{n}", Status.FAILED, "", message="Is broken.") for n in range(count)]
        rows.append(Row("mr", Status.SKIPPED, "", message="MR images, not CT"))
        paths = write_contact_sheet(rows, tmp_path)
        assert [path.name for path in paths] == ["contact_sheet.png", "contact_sheet_2.png"]
        assert set(tmp_path.glob("*")) == {*paths, users}
        full, last = (matplotlib.image.imread(path).shape for path in paths)
        assert full[1] == last[1]
        assert full[0] > 3 * last[0]

    def test_a_finished_case_shows_its_preview_and_a_failed_one_its_sentence(self, tmp_path):
        (tmp_path / "good").mkdir()
        magenta = np.zeros((HEIGHT, WIDTH, 3))
        magenta[..., ::2] = 1
        matplotlib.image.imsave(tmp_path / "good" / "preview.png", magenta)
        rows = [Row("good", Status.DONE, ""), Row("bad", Status.FAILED, "", message="Costs $5 and $6.")]
        found = colors(write_contact_sheet(rows, tmp_path, "model phantom 1")[0])
        assert (255, 0, 255) in found
        assert (0x2B, 0x15, 0x12) in found

    @pytest.mark.parametrize("message", ["", "The CT seems to have no contrast medium. Another sentence."])
    def test_a_warning_stands_under_the_volumes(self, measurement, tmp_path, message):
        row = row_of("x", "x.nii", measurement, image="", message=message, seconds=1.0)
        found = colors(write_contact_sheet([row], tmp_path)[0])
        yellow = tuple(int(WARNING_COLOR[at : at + 2], 16) for at in (1, 3, 5))
        assert (yellow in found) == bool(message)
