"""Scores of PyTorch's loaders and ranks: the recipes of docs/chunks.md, and what their digests are equal to."""

import pathlib

import numpy as np
import pytest

import squarely
from instruments.chunk_scripts import SCRIPTS, output_of

torch = pytest.importorskip("torch")


def test_a_loop_over_a_loader(tmp_path: pathlib.Path) -> None:
    assert output_of("loader.py", tmp_path) == SCRIPTS["loader.py"]["output"]


@pytest.mark.parametrize("batch_size", [64, 1000, 1])
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_of_a_loader_do_not_matter(batch_size: int, shuffle: bool) -> None:
    from torch.utils.data import DataLoader, TensorDataset

    y_true, y_pred = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 300)).astype(np.float32))
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(TensorDataset(y_true, y_pred), batch_size=batch_size, shuffle=shuffle, generator=order)
    found = squarely.Accumulator("r2_score")
    for truth, guess in loader:
        found.update(truth, guess)
    assert found.digest() == squarely.Accumulator("r2_score").update(y_true, y_pred).digest()


def test_states_of_two_ranks_are_gathered(tmp_path: pathlib.Path) -> None:
    if not torch.distributed.is_available():
        pytest.skip("this PyTorch was built without torch.distributed")
    assert output_of("ranks.py", tmp_path, str(tmp_path / "store")) == SCRIPTS["ranks.py"]["output"]
