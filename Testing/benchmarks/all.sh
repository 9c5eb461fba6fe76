#!/usr/bin/env bash
# Every engine on one CT, then ours with more slices, members and finer voxels; tables into docs/benchmarks.md.
# WRAP names a command to run each measurement through, for example one that keeps the machine quiet.
set -euo pipefail
cd "$(dirname "$0")/../.."
ct=${1:-../shared/data/ct/hcc_007/hcc007_19980314_acq3.nii.gz}
[ -e "$ct" ] || { echo "There is no CT $ct; name one: make bench CT=FILE (and see --kidney in segmentation.py)" >&2; exit 2; }
results=${RESULTS:-build/benchmarks.jsonl}
mkdir -p "$(dirname "$results")"
measure() { ${WRAP:-} python Testing/benchmarks/segmentation.py "$ct" -o "$results" "$@"; }
for engine in tunet tunet-everywhere monai nnunet pytorch; do measure --engine "$engine"; done
for slices in 230 460 800; do measure --slices "$slices"; done
for members in 2 4; do measure --members "$members"; done
for spacing in 4 3 2; do measure --spacing "$spacing"; done
python Testing/benchmarks/speed_report.py "$results" -o docs/benchmarks.md
