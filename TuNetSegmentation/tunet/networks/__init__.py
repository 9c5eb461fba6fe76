"""The paper's networks: L-Net, W-Net, T-Net (Figures 2 and 3) and the 2D and 3D U-Net baselines of Table 1.

Every network takes images of shape (batch, channels, z, y, x) and returns logits; the sigmoid of the paper's final
layer is applied by whoever needs probabilities.

Nothing is imported here: a bundle's description names network sizes and must be readable where torch is not installed.
"""
