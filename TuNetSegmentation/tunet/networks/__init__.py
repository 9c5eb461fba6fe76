"""The paper's networks: L-Net, W-Net, T-Net (Figures 2 and 3) and the 2D and 3D U-Net baselines of Table 1.

Every network takes images of shape (batch, channels, z, y, x) and returns logits; the sigmoid of the paper's final
layer is applied by whoever needs probabilities.
"""

from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.size import NetworkSize

__all__ = ["NetworkSize", "build_localization", "build_segmentation"]
