// Compiled once per instruction set; targets.cmake names the sets and defines SQUARELY_KERNELS, the one exported
// symbol.
#include "kernels.hpp"

#include "lanes.hpp"
#include "load.hpp"
#include "sums/exact.hpp"
#include "sums/kahan.hpp"
#include "sums/pairwise.hpp"
#include "survey.hpp"
#include "terms.hpp"

namespace squarely {

extern const Kernels SQUARELY_KERNELS;

const Kernels SQUARELY_KERNELS = {
    .lanes = lanes,

    .load_float64 = load_column<double>,
    .load_float32 = load_column<float>,

    .largest_difference = largest_difference,
    .blank_missing = blank_missing,

    .exact_squares = exact_squares,
    .exact_squares_narrow = exact_squares_narrow,
    .exact_squares_partial = exact_squares_partial,

    .kahan_squares = kahan_sum<SquaredError>,
    .pairwise_squares = pairwise_sum<SquaredError>,
};

}  // namespace squarely
