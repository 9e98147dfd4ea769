// Losses of single pairs, their derivatives, and their sums, over arrays of one shape and any layout.
#pragma once

#include "blocks/column.hpp"
#include "numbers/exact_sum.hpp"
#include "tables/losses.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace squarely {

// Throws std::invalid_argument where there is no such loss.
Loss loss_named(std::string_view name);

// The element at index (i, j, ...) lies i * strides[0] + j * strides[1] + ... bytes behind data.
struct StridedArray {
    char* data = nullptr;  // null where there is no such array; only results are written to
    std::vector<std::ptrdiff_t> strides;
    DType dtype = DType::float64;
    bool swapped = false;
};

struct LossArrays {
    std::vector<std::ptrdiff_t> shape;
    StridedArray y_true;
    StridedArray y_pred;
    StridedArray weights;
    StridedArray results;  // of one of the four types of floats
};

struct LossFormula {
    Loss loss;
    double parameter;    // delta or alpha
    bool is_derivative;  // with respect to the prediction
};

// Fills the results with weight * formula / divisor. They may lie exactly where one of the other arrays does, element
// for element, and must not overlap one in any other way.
void fill_losses(const LossArrays& arrays, const LossFormula& formula, double divisor);

struct WeightSum {
    ExactSum sum;              // of the finite ones
    bool are_finite = true;    // or else NaN, infinite, or an integer beyond what the load stage holds, 2^51
    bool are_positive = true;  // or zero
};

// Nothing is rounded after the losses themselves are, each to float64; of squared errors without weights, nothing.
struct LossSums {
    ExactSum losses;     // each times its weight
    double special = 0;  // the infinity or NaN their sum is, else zero
    WeightSum weights;   // one a pair where there are none
};

LossSums sum_losses(const LossArrays& arrays, const LossFormula& formula);
double total(const LossSums& sums);
double mean(const LossSums& sums);

// Of the weights alone. Where the sum is not needed, looking at them takes a fraction of the time.
WeightSum survey_weights(const LossArrays& arrays, bool is_summed);

}  // namespace squarely
