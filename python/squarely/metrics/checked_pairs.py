"""What every metric checks before its pass over the data, for those that are more than one value of the core."""

from typing import TYPE_CHECKING

from squarely.validation import NAN_POLICIES, SUMMATIONS, check_choice, check_multioutput, check_output_weights

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["checked_pairs"]


def checked_pairs(
    function: str,
    y_true: object,
    y_pred: object,
    *,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    summation: object,
) -> tuple["PairedColumns", str | list[float]]:
    """Return the pairs and how their outputs are averaged, or raise which argument is wrong."""
    from squarely.pairing import pair  # a quarter of the time of our import

    check_choice(nan_policy, NAN_POLICIES, "nan_policy", function)
    check_choice(summation, SUMMATIONS, "summation", function)
    averaging = check_multioutput(multioutput, function)
    pairs = pair(y_true, y_pred, where, 0, function, most_dimensions=2, sample_weight=sample_weight)
    check_output_weights(averaging, pairs.outputs)
    return pairs, averaging
