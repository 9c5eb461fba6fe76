import pytest
import torch
from tunet.training.contrast_phase import RandContrastPhase


def changed(image, seed):
    transform = RandContrastPhase("image", prob=1.0, num_control_points=(5, 9)).set_random_state(seed=seed)
    return torch.as_tensor(transform({"image": image})["image"])


@pytest.mark.parametrize("seed", range(5))
def test_brighter_stays_brighter(seed):
    rising = torch.linspace(-2, 4, 500).reshape(1, 5, 10, 10)
    out = changed(rising, seed).flatten()
    assert (out.diff() >= -1e-4).all()
    assert not torch.allclose(out, rising.flatten())


@pytest.mark.parametrize("seed", range(5))
def test_air_with_rounding_errors_stays_air(seed):
    air = torch.full((1, 8, 8, 8), -2.3)
    air[0, 0, 0, 0] = torch.nextafter(torch.tensor(-2.3), torch.tensor(0.0))
    assert torch.equal(changed(air, seed), air)
