"""Models, variants, devices."""

from __future__ import annotations

import pytest
from driving import finish_again, is_idle, mask_of


def titles(box):
    return [box.itemText(i) for i in range(box.count)]


def enabled(box):
    import qt

    model = box.model()
    return [bool(model.flags(model.index(i, 0)) & qt.Qt.ItemIsEnabled) for i in range(box.count)]


def action(panel, words):
    return next(a for a in panel.ui.manageModelsButton.menu().actions() if words in a.text)


class TestChoices:
    def test_variants_the_model_lacks_are_greyed_with_the_reason(self, a_panel):
        assert titles(a_panel.ui.variantSelector) == [
            "Ensemble (mean of all)",
            "TuNet",
            "TuNet + median",
            "TuNet + SEB (not in this model)",
            "TuNet + SEB + median (not in this model)",
        ]
        assert enabled(a_panel.ui.variantSelector) == [True, True, True, False, False]

    def test_the_card_says_what_it_was_trained_on_and_how_large_it_is(self, a_panel):
        a_panel.state.model = "phantom"
        assert "72 synthetic" in a_panel.ui.modelCard.text
        assert "MB, comes with the program" in a_panel.ui.modelCard.text
        assert "never use it on one" in a_panel.ui.noticeLabel.text

    @pytest.mark.parametrize("model", ["phantom", "starter"])
    def test_that_it_is_no_medical_device_is_said_once(self, a_panel, model):
        a_panel.state.model = model
        assert a_panel.ui.noticeLabel.text.lower().count("not a medical device") == 1

    def test_another_model_brings_its_thresholds(self, a_panel):
        a_panel.state.kidneyUpper = 0.9
        a_panel.ui.modelSelector.setCurrentIndex(a_panel.ui.modelSelector.findData("phantom"))
        assert a_panel.state.model == "phantom"
        assert a_panel.state.kidneyUpper == 0.5

    def test_another_models_result_stays_as_it_is_until_there_is_a_new_one(
        self, a_bench, a_result, a_ct, a_phantom, tmp_path
    ):
        from tunet.live import UserThresholds

        state, node = a_result.state, a_result.state.segmentation
        a_result.thresholdSection.onPapers()
        before, thresholds = mask_of(node, "Kidney", a_ct), a_result.thresholdSection.thresholds
        other = next(c for c in a_result.logic.models.choices if c.name != state.model)
        a_result.modelSection._choose(other.name)
        assert a_result.thresholdSection.thresholds == thresholds
        assert (mask_of(node, "Kidney", a_ct) == before).all()
        a_result.modelSection.onRunBegins()
        finish_again(a_bench, a_result, a_ct, a_phantom, tmp_path, 0.9)
        assert a_result.thresholdSection.thresholds == UserThresholds.of(a_result.logic.result.live.options)
        assert a_result.thresholdSection.thresholds != thresholds

    def test_looking_at_another_model_and_back_owes_nothing(self, a_bench, a_result):
        state, own = a_result.state, a_result.state.model
        other = next(c for c in a_result.logic.models.choices if c.name != own)
        a_result.modelSection._choose(other.name)
        assert a_result.modelSection.owesThresholds
        a_result.modelSection._choose(own)
        assert not a_result.modelSection.owesThresholds
        state.kidneyUpper = 0.8
        a_result.modelSection.onRunBegins()
        a_result.modelSection.onRunEnds(a_result.logic.result.live.options.to_json())
        assert state.kidneyUpper == 0.8

    def test_what_was_owed_comes_when_the_result_goes(self, a_bench, a_result):
        import slicer
        from tunet.live import UserThresholds

        other = next(c for c in a_result.logic.models.choices if c.name != a_result.state.model)
        a_result.thresholdSection.onPapers()
        a_result.modelSection._choose(other.name)
        slicer.mrmlScene.RemoveNode(a_result.state.segmentation)
        a_bench.process_events(0.1)
        a_result.refresh()
        assert not a_result.modelSection.owesThresholds
        assert a_result.thresholdSection.thresholds == UserThresholds.of(other.postprocessing)

    def test_a_variant_the_new_model_lacks_is_exchanged(self, a_panel):
        a_panel.state.model = "phantom"
        a_panel.state.variant = "tunet-seb"
        a_panel.state.model = "tiny"
        assert a_panel.state.variant == "ensemble"

    def test_choices_are_remembered_for_the_next_scene(self, a_bench, a_panel):
        a_panel.state.model, a_panel.state.variant = "tiny", "tunet-median"
        a_panel.modelSection.remember()
        a_bench.close_scene()
        assert (a_panel.state.model, a_panel.state.variant) == ("tiny", "tunet-median")

    def test_a_new_scene_shows_the_model_it_begins_with(self, a_bench, a_panel):
        a_panel.state.model = "phantom"
        a_bench.close_scene()
        ui, state = a_panel.ui, a_panel.state
        assert state.model != "phantom"
        assert ui.modelSelector.itemData(ui.modelSelector.currentIndex) == state.model
        assert ui.variantSelector.itemData(ui.variantSelector.currentIndex) == state.variant

    def test_a_damaged_model_says_so(self, a_bench, a_panel, models_folder, a_ct):
        weights = next((models_folder / "tiny").glob("*.safetensors"))
        data = weights.read_bytes()
        try:
            weights.write_bytes(data[:-1])
            a_panel.logic.models.refresh()
            a_panel.refresh()
            assert "wrong size" in a_panel.ui.modelCard.text
            assert not a_panel.ui.segmentButton.enabled
        finally:
            weights.write_bytes(data)

    def test_without_any_model_there_is_a_sentence(self, a_ct, a_panel):
        a_panel.logic.models.choices = []
        a_panel.refresh()
        assert "No model is installed" in a_panel.ui.statusLabel.text
        assert not a_panel.ui.segmentButton.enabled


def test_devices_are_named_once_the_section_is_opened(a_bench, a_panel):
    a_bench.click(a_panel.ui.modelSection)
    a_bench.wait_until(lambda: a_panel.ui.deviceSelector.findData("cpu") > 0, timeout=60, what="the devices")
    a_bench.wait_until(lambda: "CPU (" in a_panel.ui.deviceSelector.itemText(0), timeout=60, what="the name")


class TestInstalling:
    @pytest.fixture
    def archive(self, tmp_path):
        from bundles import tiny_bundle
        from tunet.bundle_archive import pack

        bundle = tiny_bundle(tmp_path / "tiny")
        # The same network under another name.
        text = (bundle.folder / "bundle.json").read_text().replace('"name": "tiny"', '"name": "newcomer"', 1)
        (bundle.folder / "bundle.json").write_text(text)
        pack(bundle.folder, tmp_path / "newcomer.zip")
        return tmp_path / "newcomer.zip"

    def test_from_a_file_and_removing_it_again(self, a_bench, a_panel, archive, models_folder):
        a_bench.dialogs.answer(str(archive))
        action(a_panel, "file...").trigger()
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=60, what="the installation")
        assert a_panel.state.model == "newcomer"
        assert (models_folder / "newcomer" / "bundle.json").exists()
        import qt

        a_bench.dialogs.answer(qt.QMessageBox.Yes)
        action(a_panel, "Remove").trigger()
        assert not (models_folder / "newcomer").exists()
        assert a_panel.state.model != "newcomer"

    def test_from_an_address_with_checksum(self, a_bench, a_panel, archive, models_folder):
        import functools
        import hashlib
        import http.server
        import threading

        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(archive.parent))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        digits = hashlib.sha256(archive.read_bytes()).hexdigest()
        a_bench.dialogs.answer(f"http://127.0.0.1:{server.server_port}/newcomer.zip#sha256={digits}")
        action(a_panel, "address").trigger()
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=60, what="the installation")
        server.shutdown()
        assert a_panel.state.model == "newcomer", a_panel.ui.statusLabel.text
        a_panel.logic.models.remove("newcomer")

    def test_an_address_without_checksum_is_refused(self, a_bench, a_panel):
        a_bench.dialogs.answer("https://example.org/model.zip")
        action(a_panel, "address").trigger()
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=60, what="the refusal")
        assert "checksum" in a_panel.ui.statusLabel.text

    def test_shipped_models_cannot_be_removed(self, a_panel):
        a_panel.state.model = "phantom"
        assert not action(a_panel, "Remove").enabled


def test_a_model_that_saw_patients_comes_before_one_for_trying(a_panel):
    from dataclasses import replace

    models = a_panel.logic.models
    trying, real = models.find("phantom"), models.find("tiny")
    assert not trying.sawPatients
    models.choices = [trying, replace(real, name="starter", removable=False, sawPatients=True)]
    assert models.first().name == "starter"
    models.choices = [trying]
    assert models.first().name == "phantom"
    models.choices = []
    assert models.first() is None
