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
    sys.path.insert(0, str(path.parent))  # tools use each other
    spec = importlib.util.spec_from_file_location("make_starter_data", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]
    sys.path.remove(str(path.parent))


def test_license_names_every_source_and_the_strictest_terms(tool):
    sources = (
        "HCC-TACE-Seg",
        "10.7937/TCIA.5FNA-0924",
        "TotalSegmentator",
        "KiTS19",
        "CHAOS",
        "CPTAC-PDA",
        "TCGA-LIHC",
        "TCGA-COAD",
    )
    for words in (*sources, "CC BY 4.0", "Apache-2.0"):
        assert words in tool.LICENSE
    assert "comes under CC BY-NC-SA 4.0" in tool.LICENSE


def test_case_numbers_tell_the_ct_and_are_unique(tool):
    names = [job.name for job in tool.jobs(tool.SOURCES, 20, False, 0)]
    assert len(set(names)) == len(names)
    assert {name[5:7] for name in names} == {"06", "07", "09", "15", "20", "30", "31", "32", "33", "34", "35"}


def test_two_phases_share_a_patients_number(tool):
    found = Counter(job.source.patient for job in tool.jobs(tool.SOURCES, 16, True, 0))
    shared = ("hcc_006", "hcc_007", "hcc_009", "hcc_015", "totalseg_example")
    others = ("chaos_3", "cptac_189", "tcga_a10x", "hcc_002", "tcga_4070a", "hcc_005", "hcc_011", "hcc_048")
    assert found == dict.fromkeys((*shared, *others), 16)


def test_no_network_learns_from_patients_kept_for_tests(tool):
    patients = {job.source.patient for job in tool.jobs(tool.SOURCES, 20, False, 0)}
    assert not patients & {"hcc_011", "hcc_048"}


def test_data_for_t_net_has_more_tumors(tool):
    def share(mix):
        kinds = [job.kind for job in tool.jobs(tool.SOURCES[:1], 40, False, 0, mix)]
        return sum(kind in (tool.Kind.INSERTION, tool.Kind.TRANSPLANT) for kind in kinds) / len(kinds)

    assert share(tool.MIX) == pytest.approx(24 / 41)  # of 40 variants, beside the CT itself
    assert share(tool.TUMOR_MIX) == pytest.approx(34 / 41)


def test_a_ct_lies_in_the_first_folder_that_has_it(tool, tmp_path):
    data, more = tmp_path / "data", tmp_path / "more"
    (more / "chaos_3").mkdir(parents=True)
    data.mkdir()
    assert tool.place_of("chaos_3", (data, more)) == more / "chaos_3"
    assert tool.place_of("cptac_189", (data, more)) is None


def test_lipiodol_is_told_of_the_patients_who_have_it(tool):
    assert {source.name for source in tool.SOURCES if source.lipiodol} == {"hcc_007", "hcc_009"}


def test_test_cases_are_insertions_without_the_ct_itself(tool):
    made = list(tool.jobs(tool.SOURCES[:1], 3, True, 0))
    assert [job.kind.value for job in made] == ["test insertion"] * 3
