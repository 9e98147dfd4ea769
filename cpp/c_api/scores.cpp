// One call, one value: the short way for the everyday metrics, the general one for all others and for every refusal.
#include "blocks/stretches.hpp"
#include "c_api/library.hpp"
#include "machine/targets.hpp"
#include "sums/exact_squares.hpp"
#include "sums/moments.hpp"

#include <algorithm>
#include <limits>

namespace squarely {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double score_of(const Metric& metric, double parameter, const Pairs& pairs, const Column* weights, std::int64_t rows,
                squarely_nan_policy nan_policy) {
    squarely_state state = new_state(1, Summation::exact, {{&metric, parameter}}, weights != nullptr, nan_policy);
    update_checked(state, {&pairs, 1}, weights, rows);
    return value_of(state, metric, parameter, 0);
}

// Whether the short way has given a value. It never decides what is wrong with the data.
using ShortWay = bool (*)(const Pairs& pairs, std::int64_t rows, double& value);

using Formula = double (*)(const ExactSum& sum, std::uint64_t count);

template <Formula formula>
bool score_squares(const Pairs& pairs, std::int64_t rows, double& value) {
    ExactSquares squares;
    sum_stretch(squares, pairs, rows);
    if (!are_all_finite(squares.counts, rows)) return false;
    value = formula(squares.sum, squares.counts.pairs);
    return true;
}

double sum_of(const ExactSum& sum, std::uint64_t) { return to_double(sum); }

// Of the error, in one loop: see moments.hpp.
template <double (*value_of)(const MomentTotals& totals, std::uint64_t count)>
bool score_errors(const Pairs& pairs, std::int64_t rows, double& value) {
    const Kernels& kernels = *current_target().kernels;
    Moments moments;
    moments.set = {true, false, false};
    BlockBuffers buffers;
    std::vector<LargePair> no_integers;
    for (std::int64_t first = 0; first < rows; first += block_length) {
        const Rows here{first, std::min<std::int64_t>(block_length, rows - first)};
        const Block block = load_block(kernels, pairs, here, {nullptr, here.count, false}, buffers, no_integers);
        if (!add_block(moments, kernels, block)) return false;
    }
    finish(moments, kernels);
    value = value_of(moments.totals, static_cast<std::uint64_t>(rows));
    return true;
}

double mean_size(const MomentTotals& totals, std::uint64_t count) { return mean(totals.absolute_error, count); }
double bias(const MomentTotals& totals, std::uint64_t count) { return mean(totals.error, count); }
double largest(const MomentTotals& totals, std::uint64_t) { return totals.largest_error; }

template <class Element>
constexpr DType dtype_of = sizeof(Element) == 8 ? DType::float64 : DType::float32;

template <class Element>
squarely_status everyday_score(const char* name, ShortWay short_way, const Element* y_true, const Element* y_pred,
                               std::int64_t rows, double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(value, "value");
        check_not_null(y_true, "y_true");
        check_not_null(y_pred, "y_pred");
        check_rows(rows);
        check_settings();
        const Pairs pairs{{y_true, sizeof(Element), dtype_of<Element>}, {y_pred, sizeof(Element), dtype_of<Element>}};
        // Beyond, threads help, and a state costs nothing beside the reading.
        if (rows > 0 && rows <= smallest_stretch && short_way != nullptr && short_way(pairs, rows, *value)) return;
        const Metric& metric = metric_named(name);
        *value = score_of(metric, metric.default_parameter, pairs, nullptr, rows, SQUARELY_NAN_RAISE);
    });
}

}  // namespace
}  // namespace squarely

using namespace squarely;

#define SQUARELY_EVERYDAY(metric, short_way)                                                                           \
    squarely_status squarely_##metric##_float64(const double* y_true, const double* y_pred, int64_t rows,              \
                                                double* value, squarely_error* error) {                                \
        return everyday_score(#metric, short_way, y_true, y_pred, rows, value, error);                                 \
    }                                                                                                                  \
    squarely_status squarely_##metric##_float32(const float* y_true, const float* y_pred, int64_t rows, double* value, \
                                                squarely_error* error) {                                               \
        return everyday_score(#metric, short_way, y_true, y_pred, rows, value, error);                                 \
    }

SQUARELY_EVERYDAY(mean_squared_error, &score_squares<&mean>)
SQUARELY_EVERYDAY(root_mean_squared_error, &score_squares<&root_mean>)
SQUARELY_EVERYDAY(sum_squared_error, &score_squares<&sum_of>)
SQUARELY_EVERYDAY(mean_absolute_error, &score_errors<&mean_size>)
SQUARELY_EVERYDAY(mean_error, &score_errors<&bias>)
SQUARELY_EVERYDAY(max_error, &score_errors<&largest>)
SQUARELY_EVERYDAY(r2_score, nullptr)  // its formula costs more than its sums

squarely_status squarely_score(const squarely_metric* metric, const squarely_pairs* pairs,
                               const squarely_column* weights, int64_t rows, squarely_nan_policy nan_policy,
                               double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(value, "value");
        check_not_null(metric, "metric");
        check_not_null(pairs, "pairs");
        check_rows(rows);
        check_policy(nan_policy);
        check_settings();
        const Metric& found = metric_asked(metric->name);
        const double parameter = parameter_asked(found, metric->parameter);
        const Pairs checked = checked_pairs(*pairs, rows);
        const Column column = weights == nullptr ? Column{} : checked_column(*weights, rows, "weights");
        *value = score_of(found, parameter, checked, weights == nullptr ? nullptr : &column, rows, nan_policy);
    });
}
