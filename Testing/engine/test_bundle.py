"""Bundles: what is sound loads, what is not is refused with its reason."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace

import pytest
import torch
from bundles import tiny_bundle
from safetensors.torch import save_file
from tunet.bundle import MANIFEST, describe_bundle, load_bundle, write_manifest
from tunet.contrast_fit import ContrastFit
from tunet.errors import BundleError, UsageError
from tunet.networks.cascade import TNet
from tunet.networks.size import NetworkSize
from tunet.weights import load_members, save_weights

WIDE = NetworkSize(base_filters=4, levels=3)


@pytest.fixture
def bundle(tmp_path):
    return tiny_bundle(tmp_path / "tiny", ("tunet", "tunet-median"))


def edit_manifest(bundle, change):
    path = bundle.folder / MANIFEST
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


class TestSound:
    def test_round_trip(self, bundle):
        again = load_bundle(bundle.folder)
        assert again == bundle
        assert [m.variant for m in again.members] == ["tunet", "tunet-median"]

    def test_a_contrast_fit_comes_back(self, bundle):
        assert bundle.contrast_fit is None
        write_manifest(replace(bundle, contrast_fit=ContrastFit(strongest=1.5)))
        assert load_bundle(bundle.folder).contrast_fit == ContrastFit(strongest=1.5)

    def test_a_bundle_without_patients_says_so(self, bundle):
        assert bundle.saw_patients
        write_manifest(replace(bundle, saw_patients=False))
        assert not load_bundle(bundle.folder).saw_patients

    def test_a_t_net_may_be_wider_than_the_other_networks(self, bundle):
        first, second = bundle.members
        wide = TNet(WIDE)
        save_weights(wide, bundle.folder / first.tumor, torch.float32)
        write_manifest(replace(bundle, members=(replace(first, tumor_size=WIDE), second)))
        loaded = load_members(load_bundle(bundle.folder), load_bundle(bundle.folder).members)
        found = [networks.segmentation.tumor.state_dict() for networks in loaded]
        assert torch.equal(found[0]["head.weight"], wide.head.weight)
        assert found[1]["head.weight"].shape[1] == bundle.size.decoder_filters(0)

    def test_only_a_bundle_with_such_a_t_net_needs_a_newer_program(self, bundle):
        def format_version():
            return json.loads((bundle.folder / MANIFEST).read_text())["format_version"]

        assert format_version() == 1
        write_manifest(replace(bundle, members=(replace(bundle.members[0], tumor_size=WIDE),)))
        assert format_version() == 2

    def test_a_description_is_that_of_the_loaded_bundle(self, bundle):
        assert describe_bundle(bundle.folder) == bundle

    def test_median_variants_get_median_input(self, bundle):
        assert [bundle.recipe_of(member).median for member in bundle.members] == [False, True]

    def test_choices_are_the_ensemble_and_the_variants(self, bundle):
        assert bundle.choices == ("ensemble", "tunet", "tunet-median")

    def test_select(self, bundle):
        assert bundle.select(None) == bundle.members
        assert bundle.select("tunet-median") == bundle.members[1:]

    def test_unknown_variant_lists_those_there_are(self, bundle):
        with pytest.raises(UsageError, match="choose one of ensemble, tunet, tunet-median"):
            bundle.select("tunet-seb")

    def test_members_share_an_l_net_file_as_one_network(self, bundle):
        first, second = load_members(bundle, bundle.members)
        assert first.localization is second.localization

    def test_weights_come_back_in_half_precision_accuracy(self, bundle, tmp_path):
        network = load_members(bundle, bundle.members)[0].localization
        save_weights(network, bundle.folder / "localization.safetensors")
        write_manifest(bundle)
        again = load_members(load_bundle(bundle.folder), bundle.members)[0].localization
        for old, new in zip(network.parameters(), again.parameters(), strict=True):
            assert torch.allclose(old, new, rtol=1e-3, atol=1e-7)

    @pytest.mark.skipif(sys.platform == "win32", reason="needs permissions of POSIX")
    def test_weights_may_be_read_by_those_who_may_read_new_files(self, bundle, tmp_path):
        (tmp_path / "plain").touch()
        save_weights(torch.nn.Linear(1, 1), tmp_path / "weights.safetensors")
        assert (tmp_path / "weights.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_model_card_and_licence_text_may_lie_beside(self, bundle):
        (bundle.folder / "README.md").write_text("card")
        assert load_bundle(bundle.folder) == bundle


class TestRefused:
    def refuse(self, bundle, words):
        with pytest.raises(BundleError, match=words):
            load_members(load_bundle(bundle.folder), bundle.members)

    def test_altered_weights(self, bundle):
        path = bundle.folder / bundle.members[0].whole
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        self.refuse(bundle, "was altered: its checksum is wrong")

    def test_truncated_weights(self, bundle):
        path = bundle.folder / bundle.members[0].whole
        path.write_bytes(path.read_bytes()[:-10])
        self.refuse(bundle, "wrong size")
        with pytest.raises(BundleError, match="wrong size"):
            describe_bundle(bundle.folder)

    def test_missing_weights(self, bundle):
        (bundle.folder / bundle.members[0].whole).unlink()
        self.refuse(bundle, "lacks its file")

    def test_newer_format(self, bundle):
        edit_manifest(bundle, lambda data: data.update(format_version=99))
        self.refuse(bundle, "format 99, newer than this program reads .*update TuNet")

    def test_pickle_beside_the_weights(self, bundle):
        (bundle.folder / "weights.pt").write_bytes(pickle.dumps([1]))
        self.refuse(bundle, "'weights.pt', which does not belong")

    def test_python_file(self, bundle):
        (bundle.folder / "run.py").write_text("print()")
        self.refuse(bundle, "'run.py', which does not belong")

    def test_pickle_named_safetensors(self, bundle):
        (bundle.folder / bundle.members[0].whole).write_bytes(pickle.dumps(list(range(100))))
        write_manifest(bundle)
        self.refuse(bundle, "is not a safetensors file")

    def test_weights_without_checksum(self, bundle):
        (bundle.folder / "extra.safetensors").write_bytes(b"")
        self.refuse(bundle, "gives no checksum for extra.safetensors")

    def test_path_out_of_the_folder(self, bundle):
        def escape(data):
            data["files"]["../evil.safetensors"] = data["files"]["localization.safetensors"]

        edit_manifest(bundle, escape)
        self.refuse(bundle, "forbidden file")

    def test_link_out_of_the_folder(self, bundle, tmp_path):
        (tmp_path / "elsewhere.md").write_text("secret")
        (bundle.folder / "README.md").symlink_to(tmp_path / "elsewhere.md")
        self.refuse(bundle, "README.md")

    def test_tensor_of_another_shape(self, bundle):
        path = bundle.folder / "localization.safetensors"
        network = load_members(bundle, bundle.members)[0].localization
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        state["head.weight"] = torch.zeros(3, 3)
        save_file(state, path)
        write_manifest(bundle)
        self.refuse(bundle, r"head.weight has shape \(3, 3\) instead of")

    def test_tensor_that_is_not_a_number(self, bundle):
        path = bundle.folder / "localization.safetensors"
        network = load_members(bundle, bundle.members)[0].localization
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        state["head.bias"][0] = float("nan")
        save_file(state, path)
        write_manifest(bundle)
        self.refuse(bundle, "not finite numbers")

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.pop("recipe"),
            lambda data: data["members"][0].update(variant="vnet"),
            lambda data: data["members"][0].update(tumor_size=16),
            lambda data: data["members"][0].update(tumor_size={"base_filters": 5000, "levels": 3}),
            lambda data: data.update(members=[]),
            lambda data: data.update(files=[1, 2]),
            lambda data: data["windowing"].update(stride=[0, 0, 0]),
            lambda data: data["postprocessing"].update(connectivity=7),
            lambda data: data["card"].pop("licence"),
            lambda data: data.update(contrast_fit=[0.9]),
            lambda data: data.update(contrast_fit={"certain": 2}),
        ],
    )
    def test_damaged_description(self, bundle, change):
        edit_manifest(bundle, change)
        self.refuse(bundle, "is damaged")

    @pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"format": "other", "format_version": 1}'])
    def test_foreign_description(self, bundle, text):
        (bundle.folder / MANIFEST).write_text(text)
        self.refuse(bundle, "not a TuNet model description")

    def test_folder_without_description(self, tmp_path):
        with pytest.raises(BundleError, match=r"has no bundle\.json"):
            load_bundle(tmp_path)
