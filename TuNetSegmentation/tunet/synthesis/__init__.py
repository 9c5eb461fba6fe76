"""Labelled CT made from shapes: phantoms for the demo, for tests and for the first starter bundle."""

from tunet.synthesis.dataset import write_dataset
from tunet.synthesis.phantom import PhantomCase, PhantomRecipe, make_phantom

__all__ = ["PhantomCase", "PhantomRecipe", "make_phantom", "write_dataset"]
