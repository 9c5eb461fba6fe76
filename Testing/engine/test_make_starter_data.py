"""The tool that makes training data with real texture."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    path = ROOT / "tools" / "make_starter_data.py"
    spec = importlib.util.spec_from_file_location("make_starter_data", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_license_names_every_source_and_the_strictest_terms(tool):
    for words in ("HCC-TACE-Seg", "10.7937/TCIA.5FNA-0924", "CC BY 4.0", "TotalSegmentator", "Apache-2.0", "KiTS19"):
        assert words in tool.LICENSE
    assert "comes under CC BY-NC-SA 4.0" in tool.LICENSE


def test_case_numbers_tell_the_ct_and_are_unique(tool):
    names = [job.name for job in tool.jobs(tool.SOURCES, 20, False, 0)]
    assert len(set(names)) == len(names)
    assert {name[5:7] for name in names} == {"06", "07", "09", "15", "20"}


def test_two_phases_share_a_patients_number(tool):
    found = Counter(job.source.patient for job in tool.jobs(tool.SOURCES, 16, True, 0))
    assert found == {"hcc_006": 16, "hcc_007": 16, "hcc_009": 16, "hcc_015": 16, "totalseg_example": 16}


def test_lipiodol_is_told_of_the_patients_who_have_it(tool):
    assert {source.name for source in tool.SOURCES if source.lipiodol} == {"hcc_007", "hcc_009"}


def test_test_cases_are_insertions_without_the_ct_itself(tool):
    made = list(tool.jobs(tool.SOURCES[:1], 3, True, 0))
    assert [job.kind.value for job in made] == ["test insertion"] * 3
