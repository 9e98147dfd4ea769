// squarely.h for C++17: states that free themselves, arrays that know their type, exceptions that are thrown on this
// side of the interface. There is no formula here, so the compiler flags of the caller change no result.
//
//     std::vector<double> y_true = {3, -0.5, 2, 7}, y_pred = {2.5, 0, 2, 8};
//     double mse = squarely::mean_squared_error(y_true, y_pred);  // 0.375
//
//     squarely::State state({"mean_absolute_error", {"mean_pinball_loss", 0.9}});
//     state.update(y_true, y_pred).update(y_true, y_pred);
//     double mae = state.value("mean_absolute_error");  // 0.5
//     std::string digest = state.digest();              // that of Python's Accumulator
//
// After squarely_python.h it calls what squarely_import has found, and nothing need be linked.
#ifndef SQUARELY_SQUARELY_HPP
#define SQUARELY_SQUARELY_HPP

#include "squarely.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Both ways may meet in one program, and the core has a namespace of this name: no symbol may be the same.
#ifdef SQUARELY_SQUARELY_PYTHON_H
#define SQUARELY_CALL(function) (::squarely_functions->function)
#define SQUARELY_WAY imported
#else
#define SQUARELY_CALL(function) (::squarely_##function)
#define SQUARELY_WAY linked
#endif

namespace squarely {
inline namespace SQUARELY_WAY {

class Error : public std::runtime_error {
  public:
    explicit Error(const squarely_error& error) : std::runtime_error(error.message), status_(error.status) {}
    squarely_status status() const { return status_; }

  private:
    squarely_status status_;
};

// Calls with an error of their own, which becomes an exception.
template <class Function, class... Arguments>
void checked_call(Function function, Arguments... arguments) {
    squarely_error error;
    if (function(arguments..., &error) != SQUARELY_OK) throw Error(error);
}

// Elements without gaps: any container with data() and size(), or a pointer and a length.
template <class T>
struct Span {
    const T* data = nullptr;
    std::size_t size = 0;

    Span(const T* first, std::size_t length) : data(first), size(length) {}

    template <class Container, class = std::enable_if_t<std::is_convertible_v<
                                   decltype(std::data(std::declval<const Container&>())), const T*>>>
    Span(const Container& container) : data(std::data(container)), size(std::size(container)) {}
};

// The type of an element of the core, by C++'s. float16 and bfloat16 have none, and take a squarely_column.
template <class T>
constexpr squarely_dtype dtype_of() {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8, "No column can be made of this type.");
    if (std::is_same_v<T, bool>) return SQUARELY_BOOLEAN;
    if (std::is_floating_point_v<T>) return sizeof(T) == 8 ? SQUARELY_FLOAT64 : SQUARELY_FLOAT32;
    const squarely_dtype widest = std::is_signed_v<T> ? SQUARELY_INT64 : SQUARELY_UINT64;
    return widest + (sizeof(T) == 8 ? 0 : sizeof(T) == 4 ? 1 : sizeof(T) == 2 ? 2 : 3);
}

template <class Container>
squarely_column column(const Container& container) {
    using Element = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(container))>>;
    squarely_column column{};
    column.data = std::data(container);
    column.stride = sizeof(Element);
    column.dtype = dtype_of<Element>();
    return column;
}

template <class T>
squarely_column column(const Span<T>& span) {
    squarely_column column{};
    column.data = span.data;
    column.stride = sizeof(T);
    column.dtype = dtype_of<T>();
    return column;
}

// What update takes for the rows of an output: a container, an array or a Span. Not a number, so that a number of rows
// is none.
template <class T, class = void>
struct HoldsRows : std::false_type {};
template <class T>
struct HoldsRows<
    T, std::void_t<decltype(std::data(std::declval<const T&>())), decltype(std::size(std::declval<const T&>()))>>
    : std::true_type {};
template <class T>
struct HoldsRows<Span<T>, void> : std::true_type {};

template <class... All>
using IfHoldRows = std::enable_if_t<(HoldsRows<All>::value && ...), int>;
template <class T>
using IfInteger = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int>;
template <class T>
using IfFloating = std::enable_if_t<std::is_floating_point_v<T>, int>;

inline std::size_t common_length(std::size_t y_true, std::size_t y_pred) {
    if (y_true == y_pred) return y_true;
    squarely_error error{SQUARELY_INVALID_ARGUMENT, "The arrays differ in length."};
    throw Error(error);
}

template <class T>
std::size_t length_of(const Span<T>& span) {
    return span.size;
}
template <class Container>
std::size_t length_of(const Container& container) {
    return std::size(container);
}

#define SQUARELY_EVERYDAY(metric)                                                              \
    inline double metric(Span<double> y_true, Span<double> y_pred) {                           \
        double value = 0;                                                                      \
        const auto rows = static_cast<std::int64_t>(common_length(y_true.size, y_pred.size));  \
        checked_call(SQUARELY_CALL(metric##_float64), y_true.data, y_pred.data, rows, &value); \
        return value;                                                                          \
    }                                                                                          \
    inline double metric(Span<float> y_true, Span<float> y_pred) {                             \
        double value = 0;                                                                      \
        const auto rows = static_cast<std::int64_t>(common_length(y_true.size, y_pred.size));  \
        checked_call(SQUARELY_CALL(metric##_float32), y_true.data, y_pred.data, rows, &value); \
        return value;                                                                          \
    }
SQUARELY_EVERYDAY(mean_squared_error)
SQUARELY_EVERYDAY(root_mean_squared_error)
SQUARELY_EVERYDAY(sum_squared_error)
SQUARELY_EVERYDAY(mean_absolute_error)
SQUARELY_EVERYDAY(mean_error)
SQUARELY_EVERYDAY(max_error)
SQUARELY_EVERYDAY(r2_score)
#undef SQUARELY_EVERYDAY

struct Metric {
    Metric(const char* metric) : name(metric) {}
    Metric(std::string metric) : name(std::move(metric)) {}
    Metric(std::string metric, double value) : name(std::move(metric)), parameter(value) {}

    const double* parameter_or_null() const { return parameter ? &*parameter : nullptr; }

    std::string name;
    std::optional<double> parameter;  // none: the default
};

struct StateOptions {
    std::size_t outputs = 1;
    squarely_summation summation = SQUARELY_EXACT;
    squarely_nan_policy nan_policy = SQUARELY_NAN_RAISE;
    bool weighted = false;
};

// As squarely.h takes them. Metrics must outlive it.
class CreationOptions {
  public:
    CreationOptions(const std::vector<Metric>& metrics, const StateOptions& options) {
        for (const Metric& metric : metrics) asked_.push_back({metric.name.c_str(), metric.parameter_or_null()});
        all.struct_size = sizeof all;
        all.outputs = options.outputs;
        all.metrics = asked_.data();
        all.metric_count = asked_.size();
        all.summation = options.summation;
        all.nan_policy = options.nan_policy;
        all.weighted = options.weighted ? 1 : 0;
    }
    CreationOptions(const CreationOptions&) = delete;
    CreationOptions& operator=(const CreationOptions&) = delete;

    squarely_state_options all{};

  private:
    std::vector<squarely_metric> asked_;
};

class Groups;

// Copies and moves as a value does. One that was moved from refuses every call.
class State {
  public:
    explicit State(const std::vector<Metric>& metrics = {}, const StateOptions& options = {}) {
        const CreationOptions creation(metrics, options);
        checked_call(SQUARELY_CALL(state_create), &creation.all, &state_);
    }

    State(std::initializer_list<Metric> metrics, const StateOptions& options = {})
        : State(std::vector<Metric>(metrics), options) {}
    explicit State(const Metric& metric, const StateOptions& options = {})
        : State(std::vector<Metric>{metric}, options) {}

    State(const State& other) { checked_call(SQUARELY_CALL(state_copy), other.get(), &state_); }
    State(State&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    State& operator=(State other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~State() { SQUARELY_CALL(state_free)(state_); }

    static State from_bytes(const void* bytes, std::size_t size) {
        State state(nullptr);
        checked_call(SQUARELY_CALL(state_from_bytes), bytes, size, &state.state_);
        return state;
    }

    // Of one output, without and with weights.
    template <class Truth, class Prediction, IfHoldRows<Truth, Prediction> = 0>
    State& update(const Truth& y_true, const Prediction& y_pred) {
        return update_one(y_true, y_pred, nullptr);
    }
    template <class Truth, class Prediction, class Weights, IfHoldRows<Truth, Prediction, Weights> = 0>
    State& update(const Truth& y_true, const Prediction& y_pred, const Weights& weights) {
        common_length(length_of(y_true), length_of(weights));
        const squarely_column of_rows = column(weights);
        return update_one(y_true, y_pred, &of_rows);
    }

    // Of any outputs, element types, strides and masks.
    template <class Integer, IfInteger<Integer> = 0>
    State& update(const std::vector<squarely_pairs>& outputs, Integer rows, const squarely_column* weights = nullptr) {
        checked_call(SQUARELY_CALL(state_update), state_, outputs.data(), outputs.size(), weights,
                     static_cast<std::int64_t>(rows));
        return *this;
    }

    // The same with weights: one column for all outputs, or one an output.
    template <class Integer, IfInteger<Integer> = 0>
    State& update_weighted(const std::vector<squarely_pairs>& outputs, Integer rows,
                           const std::vector<squarely_column>& weights) {
        checked_call(SQUARELY_CALL(state_update_weighted), state_, outputs.data(), outputs.size(), weights.data(),
                     weights.size(), static_cast<std::int64_t>(rows));
        return *this;
    }

    State& merge(const State& other) {
        checked_call(SQUARELY_CALL(state_merge), state_, other.get());
        return *this;
    }
    State& subtract(const State& other) {
        checked_call(SQUARELY_CALL(state_subtract), state_, other.get());
        return *this;
    }
    State& reset() {
        checked_call(SQUARELY_CALL(state_reset), state_);
        return *this;
    }

    // A parameter is one of the metric: value({"mean_pinball_loss", 0.9}).
    template <class Parameter, IfFloating<Parameter> = 0>
    double value(const Metric& metric, Parameter output) const = delete;
    double value(const Metric& metric, std::size_t output = 0) const {
        double value = 0;
        checked_call(SQUARELY_CALL(state_value), get(), metric.name.c_str(), metric.parameter_or_null(), output,
                     &value);
        return value;
    }
    std::size_t outputs() const { return SQUARELY_CALL(state_outputs)(state_); }
    squarely_counts counts(std::size_t output = 0) const {
        squarely_counts counts{};
        counts.struct_size = sizeof counts;
        checked_call(SQUARELY_CALL(state_counts), get(), output, &counts);
        return counts;
    }

    std::vector<unsigned char> to_bytes() const {
        std::size_t size = 0;
        checked_call(SQUARELY_CALL(state_to_bytes), get(), static_cast<void*>(nullptr), std::size_t{0}, &size);
        std::vector<unsigned char> bytes(size);
        checked_call(SQUARELY_CALL(state_to_bytes), get(), static_cast<void*>(bytes.data()), bytes.size(), &size);
        return bytes;
    }
    std::string digest() const {
        char digest[65] = {};
        checked_call(SQUARELY_CALL(state_digest), get(), static_cast<char*>(digest));
        return digest;
    }

    squarely_state* get() { return state_; }
    const squarely_state* get() const { return state_; }

  private:
    friend class Groups;

    explicit State(std::nullptr_t) {}

    template <class Truth, class Prediction>
    State& update_one(const Truth& y_true, const Prediction& y_pred, const squarely_column* weights) {
        squarely_pairs pairs{};
        pairs.y_true = column(y_true);
        pairs.y_pred = column(y_pred);
        const auto rows = static_cast<std::int64_t>(common_length(length_of(y_true), length_of(y_pred)));
        checked_call(SQUARELY_CALL(state_update), state_, static_cast<const squarely_pairs*>(&pairs), std::size_t{1},
                     weights, rows);
        return *this;
    }

    squarely_state* state_ = nullptr;
};

// A state for every group, by its number. Copies and moves as a state does.
class Groups {
  public:
    using Numbers = std::vector<std::uint32_t>;

    explicit Groups(const std::vector<Metric>& metrics = {}, const StateOptions& options = {}) {
        const CreationOptions creation(metrics, options);
        checked_call(SQUARELY_CALL(groups_create), &creation.all, &groups_);
    }
    Groups(std::initializer_list<Metric> metrics, const StateOptions& options = {})
        : Groups(std::vector<Metric>(metrics), options) {}
    explicit Groups(const Metric& metric, const StateOptions& options = {})
        : Groups(std::vector<Metric>{metric}, options) {}

    Groups(const Groups& other) { checked_call(SQUARELY_CALL(groups_copy), other.get(), &groups_); }
    Groups(Groups&& other) noexcept : groups_(std::exchange(other.groups_, nullptr)) {}
    Groups& operator=(Groups other) noexcept {
        std::swap(groups_, other.groups_);
        return *this;
    }
    ~Groups() { SQUARELY_CALL(groups_free)(groups_); }

    static Groups from_bytes(const void* bytes, std::size_t size) {
        Groups groups(nullptr);
        checked_call(SQUARELY_CALL(groups_from_bytes), bytes, size, &groups.groups_);
        return groups;
    }

    // A row for each number.
    Groups& update(const std::vector<squarely_pairs>& outputs, Span<std::uint32_t> numbers, std::size_t group_count,
                   const squarely_column* weights = nullptr) {
        checked_call(SQUARELY_CALL(groups_update), groups_, outputs.data(), outputs.size(), weights, numbers.data,
                     group_count, static_cast<std::int64_t>(numbers.size));
        return *this;
    }

    // Rows in the order of their groups, from first_group on; one offset more than groups.
    Groups& update_sorted(const std::vector<squarely_pairs>& outputs, Span<std::int64_t> offsets,
                          std::size_t first_group = 0, const squarely_column* weights = nullptr) {
        const std::size_t lists = offsets.size == 0 ? 0 : offsets.size - 1;
        checked_call(SQUARELY_CALL(groups_update_sorted), groups_, outputs.data(), outputs.size(), weights, first_group,
                     offsets.size == 0 ? nullptr : offsets.data, lists);
        return *this;
    }

    // Groups of the same numbers, or of other ones, a number for each of the other's.
    Groups& merge(const Groups& other) {
        checked_call(SQUARELY_CALL(groups_merge), groups_, other.get(), static_cast<const std::uint32_t*>(nullptr),
                     other.count());
        return *this;
    }
    Groups& merge(const Groups& other, const Numbers& numbers, std::size_t group_count) {
        check_has_all(other, numbers);
        checked_call(SQUARELY_CALL(groups_merge), groups_, other.get(), numbers.data(), group_count);
        return *this;
    }
    Groups& subtract(const Groups& other) {
        checked_call(SQUARELY_CALL(groups_subtract), groups_, other.get(), static_cast<const std::uint32_t*>(nullptr));
        return *this;
    }
    Groups& subtract(const Groups& other, const Numbers& numbers) {
        check_has_all(other, numbers);
        checked_call(SQUARELY_CALL(groups_subtract), groups_, other.get(), numbers.data());
        return *this;
    }

    std::size_t count() const { return SQUARELY_CALL(groups_count)(groups_); }
    squarely_counts counts(std::size_t group, std::size_t output = 0) const {
        squarely_counts counts{};
        counts.struct_size = sizeof counts;
        checked_call(SQUARELY_CALL(groups_counts), get(), group, output, &counts);
        return counts;
    }
    template <class Parameter, IfFloating<Parameter> = 0>
    std::vector<double> values(const Metric& metric, Parameter output) const = delete;
    std::vector<double> values(const Metric& metric, std::size_t output = 0) const {
        std::vector<double> values(count());
        checked_call(SQUARELY_CALL(groups_values), get(), metric.name.c_str(), metric.parameter_or_null(), output,
                     values.data());
        return values;
    }
    State state(std::size_t group) const {
        State state(nullptr);
        checked_call(SQUARELY_CALL(groups_state), get(), group, &state.state_);
        return state;
    }
    State overall() const {
        State state(nullptr);
        checked_call(SQUARELY_CALL(groups_overall), get(), &state.state_);
        return state;
    }

    std::vector<unsigned char> to_bytes() const {
        std::size_t size = 0;
        checked_call(SQUARELY_CALL(groups_to_bytes), get(), static_cast<void*>(nullptr), std::size_t{0}, &size);
        std::vector<unsigned char> bytes(size);
        checked_call(SQUARELY_CALL(groups_to_bytes), get(), static_cast<void*>(bytes.data()), bytes.size(), &size);
        return bytes;
    }
    std::string digest() const {
        char digest[65] = {};
        checked_call(SQUARELY_CALL(groups_digest), get(), static_cast<char*>(digest));
        return digest;
    }

    squarely_groups* get() { return groups_; }
    const squarely_groups* get() const { return groups_; }

  private:
    explicit Groups(std::nullptr_t) {}

    static void check_has_all(const Groups& other, const Numbers& numbers) {
        common_length(numbers.size(), other.count());
    }

    squarely_groups* groups_ = nullptr;
};

// The rows with the largest losses of a stream. Copies and moves as a state does.
class WorstRows {
  public:
    explicit WorstRows(std::size_t count = 20, const Metric& loss = "squared_error") {
        const squarely_metric asked{loss.name.c_str(), loss.parameter_or_null()};
        checked_call(SQUARELY_CALL(worst_rows_create), &asked, count, &rows_);
    }

    WorstRows(const WorstRows& other) { checked_call(SQUARELY_CALL(worst_rows_copy), other.get(), &rows_); }
    WorstRows(WorstRows&& other) noexcept : rows_(std::exchange(other.rows_, nullptr)) {}
    WorstRows& operator=(WorstRows other) noexcept {
        std::swap(rows_, other.rows_);
        return *this;
    }
    ~WorstRows() { SQUARELY_CALL(worst_rows_free)(rows_); }

    static WorstRows from_bytes(const void* bytes, std::size_t size) {
        WorstRows rows(nullptr);
        checked_call(SQUARELY_CALL(worst_rows_from_bytes), bytes, size, &rows.rows_);
        return rows;
    }

    // Rows of a part, behind the last that was seen of it unless the number of the first is given.
    WorstRows& update(const squarely_pairs& pairs, std::int64_t rows, const std::string& part = "",
                      std::int64_t first_row = -1, const squarely_column* weights = nullptr) {
        checked_call(SQUARELY_CALL(worst_rows_update), rows_, &pairs, weights, part.c_str(), first_row, rows);
        return *this;
    }
    template <class Truth, class Prediction, IfHoldRows<Truth, Prediction> = 0>
    WorstRows& update(const Truth& y_true, const Prediction& y_pred, const std::string& part = "",
                      std::int64_t first_row = -1) {
        squarely_pairs pairs{};
        pairs.y_true = column(y_true);
        pairs.y_pred = column(y_pred);
        const auto rows = static_cast<std::int64_t>(common_length(length_of(y_true), length_of(y_pred)));
        return update(pairs, rows, part, first_row);
    }
    WorstRows& merge(const WorstRows& other) {
        checked_call(SQUARELY_CALL(worst_rows_merge), rows_, other.get());
        return *this;
    }

    // The worst first. The part is that of these rows, until they change.
    std::size_t size() const { return SQUARELY_CALL(worst_rows_count)(rows_); }
    squarely_worst_row operator[](std::size_t index) const {
        squarely_worst_row row{};
        row.struct_size = sizeof row;
        checked_call(SQUARELY_CALL(worst_rows_row), get(), index, &row);
        return row;
    }

    std::vector<unsigned char> to_bytes() const {
        std::size_t size = 0;
        checked_call(SQUARELY_CALL(worst_rows_to_bytes), get(), static_cast<void*>(nullptr), std::size_t{0}, &size);
        std::vector<unsigned char> bytes(size);
        checked_call(SQUARELY_CALL(worst_rows_to_bytes), get(), static_cast<void*>(bytes.data()), bytes.size(), &size);
        return bytes;
    }

    squarely_worst_rows* get() { return rows_; }
    const squarely_worst_rows* get() const { return rows_; }

  private:
    explicit WorstRows(std::nullptr_t) {}

    squarely_worst_rows* rows_ = nullptr;
};

// Rows that have a state each.
inline void update_states(Span<squarely_state*> states, const squarely_pairs& pairs,
                          const squarely_column* weights = nullptr) {
    checked_call(SQUARELY_CALL(states_update), states.data, &pairs, weights, static_cast<std::int64_t>(states.size));
}

// Whether calls of this thread do without others. Returns what it was before.
inline bool use_one_thread_here(bool one) { return SQUARELY_CALL(use_one_thread_here)(one ? 1 : 0) != 0; }

}  // namespace SQUARELY_WAY
}  // namespace squarely

#undef SQUARELY_CALL
#undef SQUARELY_WAY

#endif
