// One call, one value.
#include "accumulator/one_call.hpp"
#include "c_api/library.hpp"

#include <limits>

namespace squarely {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The short way has a value, or leaves it to the long one to say why there is none.
double score_of(const AskedMetric& asked, const Pairs& pairs, std::int64_t rows, NanPolicy policy) {
    const Question question{asked, Averaging::uniform_average, policy, Summation::exact};
    double value = not_a_number;
    if (rows > 0 && answer(question, {&pairs, 1}, rows, {&value, 1}) && value == value) return value;
    auto configuration = std::make_shared<Configuration>();
    configuration->metrics.push_back(asked);
    configuration->nan_policy = policy;
    Accumulator accumulator(std::move(configuration));
    naming_rows({&pairs, 1}, rows, policy, [&] {
        if (rows > 0) add(accumulator, pass_over(*accumulator.configuration, {&pairs, 1}, rows), {1});
    });
    return value_or_failure(accumulator, asked, 0);
}

template <class Element>
constexpr DType dtype_of = sizeof(Element) == 8 ? DType::float64 : DType::float32;

template <class Element>
squarely_status everyday_score(const Metric& metric, const Element* y_true, const Element* y_pred, std::int64_t rows,
                               double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(value, "value");
        check_not_null(y_true, "y_true");
        check_not_null(y_pred, "y_pred");
        check_rows(rows);
        check_settings();
        const Pairs pairs{{y_true, sizeof(Element), dtype_of<Element>}, {y_pred, sizeof(Element), dtype_of<Element>}};
        *value = score_of({&metric, metric.default_parameter}, pairs, rows, NanPolicy::raise);
    });
}

}  // namespace
}  // namespace squarely

using namespace squarely;

#define SQUARELY_EVERYDAY(metric)                                                                                      \
    squarely_status squarely_##metric##_float64(const double* y_true, const double* y_pred, int64_t rows,              \
                                                double* value, squarely_error* error) {                                \
        static const Metric& row = *find_metric(#metric);                                                              \
        return everyday_score(row, y_true, y_pred, rows, value, error);                                                \
    }                                                                                                                  \
    squarely_status squarely_##metric##_float32(const float* y_true, const float* y_pred, int64_t rows, double* value, \
                                                squarely_error* error) {                                               \
        static const Metric& row = *find_metric(#metric);                                                              \
        return everyday_score(row, y_true, y_pred, rows, value, error);                                                \
    }

SQUARELY_EVERYDAY(mean_squared_error)
SQUARELY_EVERYDAY(root_mean_squared_error)
SQUARELY_EVERYDAY(sum_squared_error)
SQUARELY_EVERYDAY(mean_absolute_error)
SQUARELY_EVERYDAY(mean_error)
SQUARELY_EVERYDAY(max_error)
SQUARELY_EVERYDAY(r2_score)

squarely_status squarely_score(const squarely_metric* metric, const squarely_pairs* pairs,
                               const squarely_column* weights, int64_t rows, squarely_nan_policy nan_policy,
                               double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(value, "value");
        check_not_null(metric, "metric");
        check_not_null(pairs, "pairs");
        check_rows(rows);
        const NanPolicy policy = checked_policy(nan_policy);
        check_settings();
        const AskedMetric found = asked(metric->name, metric->parameter);
        GivenOutputs given{{checked_pairs(*pairs, rows)}, {}};
        if (weights != nullptr) given.pairs[0].weights = checked_column(*weights, rows, "weights");
        if (nan_policy == SQUARELY_NAN_SKIP_NULLS) leave_out_nulls(given, rows);
        *value = score_of(found, given.pairs[0], rows, policy);
    });
}
