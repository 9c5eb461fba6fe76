"""Which files belong together, and what is refused by name."""

from __future__ import annotations

import pytest
from label_maps import FOUND, TRUTH, boxes, write
from tunet.errors import InputError
from tunet.evaluation.cases import Case, find_cases, read_case


@pytest.fixture
def folders(tmp_path):
    """Empty folders of predictions and truths."""
    for name in ("p", "t"):
        (tmp_path / name).mkdir()
    return tmp_path / "p", tmp_path / "t"


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


class TestFolders:
    @pytest.mark.parametrize(
        "name", ["case_00007/segmentation.nii.gz", "case_00007.nii.gz", "case_00007.nii", "prediction_00007.nii.gz"]
    )
    def test_names_of_predictions(self, folders, name):
        predictions, truth = folders
        found, true = touch(predictions / name), touch(truth / "case_00007" / "segmentation.nii.gz")
        assert find_cases(predictions, truth).cases == (Case("case_00007", found, true),)

    @pytest.mark.parametrize(
        "name", ["case_00007/segmentation.nii.gz", "case_00007/aggregated_MAJ_seg.nii.gz", "case_00007.nii.gz"]
    )
    def test_names_of_truths(self, folders, name):
        predictions, truth = folders
        found, true = touch(predictions / "case_00007.nii.gz"), touch(truth / name)
        assert find_cases(predictions, truth).cases == (Case("case_00007", found, true),)

    def test_ct_beside_the_truth(self, folders):
        predictions, truth = folders
        touch(predictions / "case_00007.nii.gz")
        touch(truth / "case_00007" / "segmentation.nii.gz")
        ct = touch(truth / "case_00007" / "imaging.nii.gz")
        assert find_cases(predictions, truth).cases[0].ct == ct

    def test_other_files_are_passed_over(self, folders):
        predictions, truth = folders
        for name in ("case_00001.nii.gz", "evaluation.csv", "case_x.nii.gz", "notes/case_00002.nii.gz"):
            touch(predictions / name)
        touch(truth / "case_00001.nii.gz")
        assert [case.name for case in find_cases(predictions, truth).cases] == ["case_00001"]

    def test_what_is_missing_is_refused_by_name(self, folders):
        predictions, truth = folders
        for name in ("case_00001.nii.gz", "case_00002.nii.gz"):
            touch(predictions / name)
        (predictions / "case_00003").mkdir()
        for name in ("case_00001.nii.gz", "case_00003.nii.gz", "case_00004.nii.gz"):
            touch(truth / name)
        pairing = find_cases(predictions, truth)
        assert [case.name for case in pairing.cases] == ["case_00001"]
        reasons = [refusal.reason.partition(";")[0] for refusal in pairing.refused]
        assert reasons == ["case_00002 has no truth", "case_00003 has no prediction"]
        assert pairing.not_predicted == ("case_00004",)

    def test_case_folders_with_a_ct_alone_are_no_truths(self, folders):
        predictions, truth = folders
        for name in ("case_00001.nii.gz", "case_00210.nii.gz"):
            touch(predictions / name)
        touch(truth / "case_00001.nii.gz")
        for name in ("case_00210", "case_00211"):
            touch(truth / name / "imaging.nii.gz")
        pairing = find_cases(predictions, truth)
        assert pairing.refused[0].reason.startswith("case_00210 has no truth")
        assert pairing.not_predicted == ()

    def test_two_predictions_of_one_case_are_refused(self, folders):
        predictions, truth = folders
        touch(predictions / "case_00001.nii.gz")
        touch(predictions / "prediction_00001.nii.gz")
        touch(truth / "case_00001.nii.gz")
        reason = find_cases(predictions, truth).refused[0].reason
        assert "more than one prediction (p/case_00001.nii.gz and p/prediction_00001.nii.gz)" in reason

    def test_nothing_to_score(self, folders):
        predictions, truth = folders
        with pytest.raises(InputError, match="holds no predictions"):
            find_cases(predictions, truth)
        touch(predictions / "case_00001.nii.gz")
        with pytest.raises(InputError, match="holds no cases"):
            find_cases(predictions, truth)


class TestFiles:
    def test_two_files(self, tmp_path):
        found, true = touch(tmp_path / "mine.nii.gz"), touch(tmp_path / "theirs.nii.gz")
        assert find_cases(found, true).cases == (Case("theirs", found, true),)

    def test_the_case_folder_gives_the_name_and_the_ct(self, tmp_path):
        found, true = touch(tmp_path / "mine.nii.gz"), touch(tmp_path / "case_00012" / "segmentation.nii.gz")
        ct = touch(true.parent / "imaging.nii.gz")
        assert find_cases(found, true).cases == (Case("case_00012", found, true, ct),)

    def test_file_and_folder(self, tmp_path):
        with pytest.raises(InputError, match="a file and a folder"):
            find_cases(touch(tmp_path / "mine.nii.gz"), tmp_path)

    def test_missing(self, tmp_path):
        with pytest.raises(InputError, match="no file or folder"):
            find_cases(tmp_path / "x", tmp_path)


class TestReading:
    def test_both_maps(self, tmp_path):
        case = Case("case_00001", write(FOUND, tmp_path / "f.nii.gz"), write(TRUTH, tmp_path / "t.nii.gz"))
        pair = read_case(case)
        assert (pair.found.array == FOUND.array).all()
        assert (pair.truth.array == TRUTH.array).all()

    def test_other_grid_is_refused_by_name(self, tmp_path):
        other = boxes(shape=(12, 24, 25))
        case = Case("case_00001", write(other, tmp_path / "f.nii.gz"), write(TRUTH, tmp_path / "t.nii.gz"))
        with pytest.raises(InputError, match=r"case_00001: .* different grids \(25 x 24 x 12 against 24 x 24 x 12"):
            read_case(case)

    def test_damaged_file_is_refused_by_name(self, tmp_path):
        (tmp_path / "f.nii.gz").write_bytes(b"x")
        case = Case("case_00001", tmp_path / "f.nii.gz", write(TRUTH, tmp_path / "t.nii.gz"))
        with pytest.raises(InputError, match=r"case_00001: f.nii.gz is incomplete"):
            read_case(case)
