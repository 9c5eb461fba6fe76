"""What the worker keeps between requests, while somebody else changes what lies under it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from tunet.errors import BundleError
from tunet.progress import Progress
from tunet.synthesis import PhantomRecipe, make_phantom
from tunet.worker_session import Session


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    path = tmp_path_factory.mktemp("ct") / "ct.nrrd"
    image = make_phantom(5, PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0))).ct.to_sitk()[8:30, 8:30, 2:14]
    sitk.WriteImage(sitk.Cast(image, sitk.sitkInt16), str(path))
    return str(path)


@pytest.fixture
def bundle(tmp_path):
    return tiny_bundle(tmp_path / "tiny").folder


@pytest.fixture
def session(tmp_path):
    (tmp_path / "worker").mkdir()
    return Session(tmp_path / "worker")


def run(session, ct, bundle):
    request = {"input": ct, "bundle": str(bundle), "device": "cpu", "precision": "fp32"}
    return session.segment(request, Progress())


class TestBundleReplacedWhileLoaded:
    def test_the_next_run_takes_the_new_one(self, session, ct, bundle, tmp_path):
        first = run(session, ct, bundle)
        shutil.rmtree(bundle)
        other = tiny_bundle(bundle, ("tunet-seb",))
        second = run(session, ct, bundle)
        assert second.report["bundle_sha256"] == other.checksum != first.report["bundle_sha256"]
        assert second.report["members"] == ("tunet-seb",)

    def test_half_replaced_is_refused_and_works_once_it_is_whole(self, session, ct, bundle, tmp_path):
        run(session, ct, bundle)
        other = tiny_bundle(tmp_path / "other", ("tunet-seb",)).folder
        shutil.copy(other / "bundle.json", bundle)  # its weights are still on their way
        with pytest.raises(BundleError):
            run(session, ct, bundle)
        shutil.rmtree(bundle)
        shutil.copytree(other, bundle)
        assert run(session, ct, bundle).report["members"] == ("tunet-seb",)

    def test_removed_is_refused(self, session, ct, bundle):
        run(session, ct, bundle)
        shutil.rmtree(bundle)
        with pytest.raises(BundleError):
            run(session, ct, bundle)

    def test_thresholds_still_go_with_the_run_they_belong_to(self, session, ct, bundle):
        labels = sitk.GetArrayFromImage(sitk.ReadImage(run(session, ct, bundle).labels))
        shutil.rmtree(bundle)
        again = sitk.GetArrayFromImage(sitk.ReadImage(session.rethreshold({}).labels))
        assert np.array_equal(labels, again)
