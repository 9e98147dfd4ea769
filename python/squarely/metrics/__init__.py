"""One public function per metric, by family: signature, docstring, and one call of `squarely.scoring.score`."""

from squarely.metrics import (
    absolute_errors,
    biases,
    correlations,
    deviances,
    efficiencies,
    expectiles,
    explained_variance,
    generalized_errors,
    images,
    likelihoods,
    log_errors,
    normalized_errors,
    percentage_errors,
    percentages,
    pinball,
    robust_losses,
    squared_errors,
    trimmed_errors,
)
from squarely.metrics.absolute_errors import *
from squarely.metrics.biases import *
from squarely.metrics.correlations import *
from squarely.metrics.deviances import *
from squarely.metrics.efficiencies import *
from squarely.metrics.expectiles import *
from squarely.metrics.explained_variance import *
from squarely.metrics.generalized_errors import *
from squarely.metrics.images import *
from squarely.metrics.likelihoods import *
from squarely.metrics.log_errors import *
from squarely.metrics.normalized_errors import *
from squarely.metrics.percentage_errors import *
from squarely.metrics.percentages import *
from squarely.metrics.pinball import *
from squarely.metrics.robust_losses import *
from squarely.metrics.squared_errors import *
from squarely.metrics.trimmed_errors import *
from squarely.result_types import MYPY

# As in squarely itself.
if not MYPY:
    __all__: list[str] = []
    __all__ += absolute_errors.__all__
    __all__ += biases.__all__
    __all__ += correlations.__all__
    __all__ += deviances.__all__
    __all__ += efficiencies.__all__
    __all__ += expectiles.__all__
    __all__ += explained_variance.__all__
    __all__ += generalized_errors.__all__
    __all__ += images.__all__
    __all__ += likelihoods.__all__
    __all__ += log_errors.__all__
    __all__ += normalized_errors.__all__
    __all__ += percentage_errors.__all__
    __all__ += percentages.__all__
    __all__ += pinball.__all__
    __all__ += robust_losses.__all__
    __all__ += squared_errors.__all__
    __all__ += trimmed_errors.__all__
