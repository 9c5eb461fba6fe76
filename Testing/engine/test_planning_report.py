"""The report: what stands in it and what must not. HTML as text, PDF read by pypdf."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import sys

import matplotlib.image
import numpy as np
import pypdf
import pytest
from command_line import is_one_sentence, tunet
from planning_cases import KidneySeries, kidney_labels, write_labels
from tunet.measurement.measures import measure
from tunet.planning.report_content import DISCLAIMER
from tunet.volume import KIDNEY, TUMOR, Volume

FILES = ["measurements.csv", "measurements.json", "report.html", "report.pdf"]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A CT and a label map that someone corrected, beside the first prediction and the report of the model's run."""
    folder = tmp_path_factory.mktemp("report")
    KidneySeries().write(folder / "ct")
    labels = kidney_labels()
    write_labels(labels, folder / "segmentation.nii.gz")
    first = labels.array.copy()
    first[first == TUMOR] = KIDNEY
    write_labels(Volume(first, labels.grid), folder / "first.nii.gz")
    model = {"bundle": "kits", "bundle_version": "1.2", "bundle_sha256": "ab" * 32, "members": ["fold0"]}
    (folder / "report.json").write_text(json.dumps(model))
    return folder


@pytest.fixture(scope="module")
def plain(case):
    """As written without asking for more."""
    done = tunet("report", case / "segmentation.nii.gz", "-o", case / "plain", "--ct", case / "ct")
    assert done.returncode == 0, done.stderr
    return case / "plain"


@pytest.fixture(scope="module")
def edited(case):
    """With everything a reader can ask for."""
    words = [
        "--edit",
        "1:N=3,L=3,A=p,h,collecting=2",
        "--identify",
        "--heading",
        "Board <b>7</b> & co",
        "--margin",
        "10",
    ]
    words += ["--predicted", case / "first.nii.gz", "--ct", case / "ct"]
    done = tunet("report", case / "segmentation.nii.gz", "-o", case / "edited", *words)
    assert done.returncode == 0, done.stderr
    return case / "edited"


def html_text(folder) -> str:
    page = (folder / "report.html").read_text(encoding="utf-8")
    return html.unescape(re.sub(r"<(style|title).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))


def pdf_pages(folder) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(folder / "report.pdf").pages]


def both(folder) -> list[str]:
    return [" ".join(html_text(folder).split()), " ".join(pdf_pages(folder))]


def test_four_files(plain):
    assert sorted(path.name for path in plain.iterdir()) == FILES


def test_the_numbers_are_the_measurements(plain):
    found = measure(kidney_labels())
    lesion, score = found.lesions[0], found.lesions[0].renal
    series = KidneySeries()
    hu = np.stack([series.hu(index) for index in range(len(series.heights))])[kidney_labels().array == TUMOR]
    expected = [
        f"{hu.mean():.0f} ± {hu.std():.0f}",
        f"{lesion.volume_ml:.1f} ml",
        f"{lesion.axial.length_mm:.0f} × {lesion.axial_across.length_mm:.0f} mm",
        f"{100 * lesion.exophytic:.0f} %",
        f"{lesion.parenchyma_left_ml:.1f} ml",
        f"R.E.N.A.L. nephrometry, approximate: {score.text}, {score.risk} complexity",
        f"PADUA: {lesion.padua.known} points, plus 1 or 2 for the collecting system",
        *(f"{kidney.parenchyma_ml:.1f} ml" for kidney in found.kidneys),
    ]
    for text in both(plain):
        assert [words for words in expected if words not in text] == []


def test_numbers_for_programs_lie_beside_it(plain):
    numbers = json.loads((plain / "measurements.json").read_text())
    assert numbers["lesions"][0]["volume_ml"] == pytest.approx(measure(kidney_labels()).lesions[0].volume_ml, rel=1e-3)


def test_every_page_says_what_it_is_not(plain):
    pages = pdf_pages(plain)
    assert 1 <= len(pages) <= 3
    assert [page for page in pages if DISCLAIMER not in page] == []
    assert DISCLAIMER in html_text(plain)


def test_nothing_of_the_patient_unless_asked(plain):
    secrets = re.compile("secret|19500102|1950-01-02|ACC-1", re.IGNORECASE)
    for text in (*both(plain), *((plain / name).read_text() for name in FILES if not name.endswith("pdf"))):
        assert not secrets.search(re.sub(r"base64,[^\"]+", "", text))
    described = pypdf.PdfReader(plain / "report.pdf").metadata
    assert not secrets.search(str(described))


def test_the_patient_where_asked(edited):
    for text in both(edited):
        assert "Secret Name, ID SECRET-ID, born 1950-01-02" in text
        assert "CT of 2020-03-04, series 3, ABDOMEN" in text


def test_the_users_words_are_words(edited):
    for text in both(edited):
        assert "Board <b>7</b> & co" in text
    assert "<b>" not in (edited / "report.html").read_text()


def test_edits_change_the_total_and_are_marked(plain, edited):
    lesion = measure(kidney_labels()).lesions[0]
    score, padua = lesion.renal, lesion.padua
    total = score.r.points + score.e.points + 3 + 3
    for text in both(edited):
        assert f"R.E.N.A.L. nephrometry, approximate: {total}ph" in text
        assert "Set by the reader; measured:" in text
        assert re.search(r"Points set by the reader \(\*\): tumor 1: N, A, L, collecting", text)
        assert f"PADUA {padua.known + 2}p" in text
        assert "Resection with 10 mm margin" in text
    assert all("Set by the reader" not in text for text in both(plain))


def test_model_and_corrections_are_told(plain, edited):
    added = measure(kidney_labels()).lesions[0].volume_ml
    for text in both(edited):
        assert "model kits 1.2 (fold0), SHA-256 abababababababab" in text
        assert f"Tumor +{added:.1f} ml, -0.0 ml" in text
    assert all("Corrections by hand: not recorded." in text for text in both(plain))


def test_html_refers_to_no_other_file(plain):
    page = (plain / "report.html").read_text()
    assert set(re.findall(r"(?:src|href)=\"([^\"]{0,22})", page)) == {"data:image/png;base64,"}
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)


def test_pictures_show_something(plain):
    pictures = re.findall(r"base64,([^\"]+)", (plain / "report.html").read_text())
    assert len(pictures) == 8  # two views, key picture, distance, two of the score, two kidneys
    for data in pictures:
        picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(data)), format="png")
        assert picture.shape[0] > 200
        assert np.std(picture[..., :3]) > 0.03


def test_without_ct_and_without_tumor(tmp_path):
    labels = kidney_labels()
    array = np.where(labels.array == TUMOR, KIDNEY, labels.array)
    path = write_labels(Volume(array.astype(np.uint8), labels.grid), tmp_path / "a.nii.gz")
    assert tunet("report", path, "-o", tmp_path / "out").returncode == 0
    for text in both(tmp_path / "out"):
        assert "2 kidneys, no tumor" in text
        assert "by hand, or by a program that left no record" in text
        assert "R.E.N.A.L." not in text


def test_a_tumor_without_a_kidney(tmp_path):
    """It lies in the middle of itself, so no side of it is nearest."""
    labels = kidney_labels()
    array = np.where(labels.array == TUMOR, TUMOR, 0).astype(np.uint8)
    path = write_labels(Volume(array, labels.grid), tmp_path / "a.nii.gz")
    done = tunet("report", path, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for text in both(tmp_path / "out"):
        assert "R.E.N.A.L. nephrometry: no total" in text
        assert "PADUA: no total; not told: polar location, exophytic rate, renal rim" in text


class TestBadInput:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--edit", "1:N=4"], "cannot be read"),
            (["--edit", "3:N=1"], "There is no lesion 3"),
            (["--identify"], "give their folder with --ct"),
            (["--margin", "-1"], "margin"),
            (["--ct", "nowhere.nii"], "no file or folder"),
        ],
    )
    def test_one_sentence_and_nothing_written(self, case, tmp_path, words, sentence):
        done = tunet("report", case / "segmentation.nii.gz", "-o", tmp_path / "out", *words)
        assert done.returncode == 2
        assert is_one_sentence(done.stderr), done.stderr
        assert sentence in done.stderr
        assert not (tmp_path / "out").exists()

    def test_a_missing_library_is_named(self, case, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "reportlab", None)
        done = tunet("report", case / "segmentation.nii.gz", "-o", tmp_path / "out")
        assert done.returncode == 2
        assert "pip install -e '.[report]'" in done.stderr
