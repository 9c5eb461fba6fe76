"""What commands show."""

from __future__ import annotations

from pathlib import Path

from tunet.commands.console import show_report
from tunet.report import RunReport


def test_square_brackets_in_names_are_shown_as_they_are(capsys):
    """Rich takes "[/PEL]" for markup."""
    report = RunReport(
        input="CT",
        bundle="starter",
        bundle_version="1",
        bundle_sha256="",
        members=("tunet",),
        device="cpu",
        device_name="",
        precision="fp32",
        postprocessing="",
        thresholds={},
        windows="kidneys",
        stride=(32, 32, 32),
        mirrored=False,
        roi=None,
        ct_size=(1, 1, 1),
        ct_spacing_mm=(1.0, 1.0, 1.0),
        labels_fingerprint="",
        seconds={},
        peak_memory_mb=None,
        peak_gpu_memory_mb=None,
        kidney_ml=1,
        tumor_ml=0,
        decisions=(),
        warnings=("Used series 'Abd [/PEL] 5mm'.",),
    )
    show_report(report, Path("/data/[ct]/out"), as_json=False)
    shown = capsys.readouterr()
    assert "/data/[ct]/out" in shown.out
    assert "Used series 'Abd [/PEL] 5mm'." in shown.err
    assert "does not mean that there is none" in " ".join(shown.out.split())
