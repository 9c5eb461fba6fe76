"""Jobs of a cross-validation."""

from __future__ import annotations

from collections import Counter

import pytest
from tunet.errors import UsageError
from tunet.training.plan import ROWS, plan_jobs
from tunet.variants import ENSEMBLE_MEMBERS


def test_all_of_table_1_in_five_folds():
    jobs = plan_jobs(ROWS, 5)
    assert len(jobs) == 5 * (8 + 1 + 1)
    assert Counter(job.network for job in jobs)["localization"] == 5


def test_an_ensemble_needs_only_networks_of_its_own_fold():
    for job in plan_jobs(ROWS, 5):
        if job.network == "ensemble":
            assert {need.fold for need in job.needs} == {job.fold}
            assert {need.network for need in job.needs} == {"localization", *ENSEMBLE_MEMBERS}


def test_an_ensemble_row_alone_trains_its_members():
    assert len(plan_jobs(["ensemble"], 2)) == 2 * (4 + 1 + 1)


def test_single_rows_need_no_l_net():
    assert [job.name for job in plan_jobs(["unet2d"], 2)] == ["fold_0/unet2d", "fold_1/unet2d"]


def test_unknown_row():
    with pytest.raises(UsageError, match="no variant 'resnet'; choose from unet2d"):
        plan_jobs(["resnet"], 5)
