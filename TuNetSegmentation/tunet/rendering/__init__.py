"""CT rendered around real kidney masks.

The kidneys and tumors lie exactly where a mask has them; everything else is made from shapes. Unlike the phantoms of
:mod:`tunet.synthesis`, whose voxels the bundled model was trained on and which therefore stay as they are, these follow
the shapes of patients.
"""

from tunet.rendering.dataset import chosen_masks, find_masks, patients, render_dataset
from tunet.rendering.render import Patient, RenderDescription, RenderedCase, render

__all__ = [
    "Patient",
    "RenderDescription",
    "RenderedCase",
    "chosen_masks",
    "find_masks",
    "patients",
    "render",
    "render_dataset",
]
