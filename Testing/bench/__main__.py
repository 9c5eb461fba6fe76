"""`python -m bench MODULE.py [VOLUME]`: the module's panel beside real slice and 3D views."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import start


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("module", type=Path, help="the scripted module's .py file")
    parser.add_argument("volume", type=Path, nargs="?", help="a volume to load (NIfTI, NRRD, MHA)")
    parser.add_argument("--screenshot", type=Path, help="write a picture and leave; needs no display")
    parser.add_argument("--scale", type=int, default=1, choices=(1, 2))
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    bench = start(offscreen=options.screenshot is not None)
    bench.load_module(options.module)
    bench.show()
    if options.volume is not None:
        import slicer

        slicer.util.loadVolume(str(options.volume), properties={})
    if options.screenshot is not None:
        bench.screenshot(options.screenshot, scale=options.scale, dark=options.dark)
        return 0
    return int(bench.app.exec())


if __name__ == "__main__":
    raise SystemExit(main())
