// The library as a whole: errors, versions, settings, the list of metrics.
#include "c_api/library.hpp"

#include "machine/targets.hpp"
#include "machine/threads.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace squarely {
namespace {

squarely_status put(squarely_error* error, squarely_status status, const char* message) noexcept {
    if (error == nullptr) return status;
    error->status = status;
    const std::size_t length = std::min(std::strlen(message), sizeof error->message - 1);
    std::memcpy(error->message, message, length);
    error->message[length] = '\0';
    return status;
}

void check_parameter(const Metric& metric, double value) {
    if (metric.parameter->contains(value)) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT,
                  "The parameter " + std::string(metric.parameter->name) + " of " + std::string(metric.name) +
                      " must be " + std::string(metric.parameter->must_be) + ". Got " + std::to_string(value) + ".");
}

squarely_status no_memory(squarely_error* error) noexcept {
    return put(error, SQUARELY_NO_MEMORY, "There is not enough memory. Ask for fewer outputs at a time.");
}

squarely_status in_words(squarely_error* error) {
    try {
        throw;
    } catch (const Failure& failure) {
        return put(error, failure.status, failure.what());
    } catch (const Refused& refused) {
        const Failure failure = failure_of(refused.refusal);
        return put(error, failure.status, failure.what());
    } catch (const std::invalid_argument& refusal) {
        return put(error, SQUARELY_INVALID_ARGUMENT, refusal.what());
    } catch (const std::bad_alloc&) {
        return no_memory(error);
    } catch (const std::length_error&) {
        return put(error, SQUARELY_NO_MEMORY, "More outputs are asked for than any memory holds.");
    } catch (const std::exception& unexpected) {
        return put(error, SQUARELY_UNEXPECTED, unexpected.what());
    } catch (...) {
        return put(error, SQUARELY_UNEXPECTED, "Something failed that has no words.");
    }
}

}  // namespace

squarely_status reported(squarely_error* error) noexcept {
    try {
        return in_words(error);
    } catch (...) {  // words take memory, too
        return no_memory(error);
    }
}

void check_not_null(const void* pointer, const char* argument) {
    if (pointer != nullptr) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "The argument " + std::string(argument) + " must not be NULL.");
}

void check_settings() {
    // Once they are right they stay so, and num_threads asks the operating system.
    [[maybe_unused]] static const bool are_right = [] {
        try {
            current_target();
            num_threads();
            return true;
        } catch (const std::invalid_argument& refusal) {
            throw Failure(SQUARELY_WRONG_ENVIRONMENT, refusal.what());
        }
    }();
}

namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

// How many letters are to be put in, left out or changed for another.
std::size_t letters_between(std::string_view given, std::string_view known) {
    std::vector<std::size_t> row(known.size() + 1);
    for (std::size_t j = 0; j <= known.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < given.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < known.size(); ++j) {
            const std::size_t changed = diagonal + (lower(given[i]) == known[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
        }
    }
    return row[known.size()];
}

// The name of a metric of sums that was probably meant. Empty where none is near.
std::string_view nearest_name(std::string_view given) {
    constexpr std::size_t longest = 64;
    if (given.size() > longest) return {};
    std::string_view nearest;
    std::size_t least = given.size() / 3 + 1;
    for (const Metric& metric : all_metrics()) {
        if (metric.kind != MetricKind::sums) continue;
        for (const std::string_view known : {metric.name, metric.short_name}) {
            const std::size_t letters = known.empty() ? least : letters_between(given, known);
            if (letters >= least) continue;
            least = letters;
            nearest = known;
        }
    }
    return nearest;
}

std::string no_such_metric(const std::string& name) {
    const std::string_view nearest = nearest_name(name);
    const std::string meant = nearest.empty() ? "" : " Did you mean '" + std::string(nearest) + "'?";
    return "There is no metric '" + name + "' of sums." + meant + " squarely_metric_name lists them.";
}

}  // namespace

const Metric& metric_asked(const char* name) {
    check_not_null(name, "metric");
    const Metric* found = find_metric(name);
    if (found == nullptr || found->kind == MetricKind::internal) {
        throw Failure(SQUARELY_UNKNOWN_METRIC, no_such_metric(name));
    }
    if (found->kind == MetricKind::sums) return *found;
    throw Failure(SQUARELY_UNKNOWN_METRIC, "The metric '" + std::string(name) +
                                               "' is made of order statistics and needs all pairs at once. Here are "
                                               "metrics of sums alone, which squarely_metric_name lists.");
}

AskedMetric asked(const char* name, const double* parameter) { return asked(metric_asked(name), parameter); }

AskedMetric asked_to_keep(const char* name, const double* parameter) {
    check_not_null(name, "metric");
    const Metric* const found = find_metric(name);
    return asked(found != nullptr && found->is_kept_beside ? *found : metric_asked(name), parameter);
}

AskedMetric asked(const Metric& metric, const double* parameter) {
    if (parameter == nullptr) {
        if (!has_default(metric)) {
            throw Failure(SQUARELY_INVALID_ARGUMENT, "The parameter " + std::string(metric.parameter->name) + " of " +
                                                         std::string(metric.name) + " has no default. Pass its value.");
        }
        return {&metric, metric.default_parameter};
    }
    if (metric.parameter->contains == nullptr) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "The metric " + std::string(metric.name) + " has no parameter. Pass NULL.");
    }
    check_parameter(metric, *parameter);
    return {&metric, *parameter + 0.0};  // of two zeros one
}

}  // namespace squarely

using namespace squarely;

uint32_t squarely_abi_version(void) { return SQUARELY_ABI_VERSION; }

const char* squarely_version(void) { return SQUARELY_VERSION; }

squarely_status squarely_get_target(const char** name, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(name, "name");
        check_settings();
        *name = current_target().name;
    });
}

squarely_status squarely_set_target(const char* name, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(name, "name");
        check_settings();
        set_target(name);
    });
}

squarely_status squarely_get_num_threads(int32_t* count, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(count, "count");
        check_settings();
        *count = num_threads();
    });
}

squarely_status squarely_set_num_threads(int32_t count, squarely_error* error) {
    return guarded(error, [&] {
        check_settings();
        set_num_threads(count);
    });
}

int32_t squarely_use_one_thread_here(int32_t one) { return use_one_thread_here(one != 0) ? 1 : 0; }

const char* squarely_metric_name(size_t index) {
    for (const Metric& metric : all_metrics()) {
        if (metric.kind == MetricKind::sums && index-- == 0) return metric.name.data();  // all names are literals
    }
    return nullptr;
}

squarely_status squarely_metric_parameter(const char* metric, const char** parameter, double* default_value,
                                          squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(parameter, "parameter");
        check_not_null(default_value, "default_value");
        const Metric& found = metric_asked(metric);
        *parameter = found.parameter->name.data();
        *default_value = found.default_parameter;
    });
}

const squarely_api* squarely_get_api(void) {
#define SQUARELY_EVERYDAY(metric) \
    .metric##_float64 = squarely_##metric##_float64, .metric##_float32 = squarely_##metric##_float32
    static constexpr squarely_api api = {
        .abi_version = SQUARELY_ABI_VERSION,
        .struct_size = sizeof(squarely_api),
        .version = squarely_version,
        .get_target = squarely_get_target,
        .set_target = squarely_set_target,
        .get_num_threads = squarely_get_num_threads,
        .set_num_threads = squarely_set_num_threads,
        .metric_name = squarely_metric_name,
        .metric_parameter = squarely_metric_parameter,
        SQUARELY_EVERYDAY(mean_squared_error),
        SQUARELY_EVERYDAY(root_mean_squared_error),
        SQUARELY_EVERYDAY(sum_squared_error),
        SQUARELY_EVERYDAY(mean_absolute_error),
        SQUARELY_EVERYDAY(mean_error),
        SQUARELY_EVERYDAY(max_error),
        SQUARELY_EVERYDAY(r2_score),
        .score = squarely_score,
        .state_create = squarely_state_create,
        .state_copy = squarely_state_copy,
        .state_free = squarely_state_free,
        .state_update = squarely_state_update,
        .state_merge = squarely_state_merge,
        .state_subtract = squarely_state_subtract,
        .state_reset = squarely_state_reset,
        .state_outputs = squarely_state_outputs,
        .state_counts = squarely_state_counts,
        .state_value = squarely_state_value,
        .state_to_bytes = squarely_state_to_bytes,
        .state_from_bytes = squarely_state_from_bytes,
        .state_digest = squarely_state_digest,
        .state_update_weighted = squarely_state_update_weighted,
        .use_one_thread_here = squarely_use_one_thread_here,
        .states_update = squarely_states_update,
        .groups_create = squarely_groups_create,
        .groups_copy = squarely_groups_copy,
        .groups_free = squarely_groups_free,
        .groups_update = squarely_groups_update,
        .groups_update_sorted = squarely_groups_update_sorted,
        .groups_merge = squarely_groups_merge,
        .groups_subtract = squarely_groups_subtract,
        .groups_count = squarely_groups_count,
        .groups_counts = squarely_groups_counts,
        .groups_values = squarely_groups_values,
        .groups_state = squarely_groups_state,
        .groups_overall = squarely_groups_overall,
        .groups_to_bytes = squarely_groups_to_bytes,
        .groups_from_bytes = squarely_groups_from_bytes,
        .groups_digest = squarely_groups_digest,
        .worst_rows_create = squarely_worst_rows_create,
        .worst_rows_copy = squarely_worst_rows_copy,
        .worst_rows_free = squarely_worst_rows_free,
        .worst_rows_update = squarely_worst_rows_update,
        .worst_rows_merge = squarely_worst_rows_merge,
        .worst_rows_count = squarely_worst_rows_count,
        .worst_rows_row = squarely_worst_rows_row,
        .worst_rows_to_bytes = squarely_worst_rows_to_bytes,
        .worst_rows_from_bytes = squarely_worst_rows_from_bytes,
    };
#undef SQUARELY_EVERYDAY
    return &api;
}
