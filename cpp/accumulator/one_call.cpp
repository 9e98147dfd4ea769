#include "accumulator/one_call.hpp"

#include "blocks/block.hpp"
#include "blocks/jobs.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "sums/certified_columns.hpp"
#include "sums/certified_sums.hpp"
#include "sums/exact_squares.hpp"
#include "sums/running_sums.hpp"
#include "sums/tiles.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

// Outputs side by side are read better together, where they are many or long.
constexpr std::ptrdiff_t most_numbers_of_outputs = 2048;

constexpr std::size_t most_certified = 256;  // outputs of predictions, whose ends take 8 KB each

// Whether each output is one stretch of rows, which needs no state to be summed.
bool is_short(std::size_t outputs, std::ptrdiff_t rows) {
    if (outputs == 1) return rows <= smallest_stretch;
    return rows * static_cast<std::ptrdiff_t>(outputs) <= most_numbers_of_outputs;
}

// False where there is more to say than a value, or may be.
bool give_value(const Question& question, const OutputSums& sums, double& value) {
    const Metric& metric = *question.asked.metric;
    const PairCounts& counts = sums.counts;
    if (counts.pairs < static_cast<std::uint64_t>(metric.least_pairs)) return false;
    if (!lets_through(question.nan_policy, counts) || weights_sum_to_zero(sums)) return false;
    if (metric.domain != Domain::all && pairs_outside(sums, question.asked) > 0) return false;
    const bool is_missing_some = counts.missing_true + counts.missing_pred > 0;
    const bool is_unknown = question.nan_policy == NanPolicy::propagate && is_missing_some;
    value = is_unknown ? std::numeric_limits<double>::quiet_NaN() : value_of(metric, sums, question.asked.parameter);
    return true;
}

// Outputs of predictions of one truth, all weighted alike: those of the predictions of an output are side by side.
struct Outputs {
    std::span<const Pairs> pairs;
    std::size_t predictions;
    std::ptrdiff_t rows;
    Onlookers* onlookers = nullptr;
};

bool add_stretches(std::span<CertifiedEnds> ends, const Outputs& outputs, int set) {
    const std::ptrdiff_t stretches = number_of_stretches(outputs.rows);
    const auto jobs = static_cast<std::ptrdiff_t>(outputs.pairs.size() / outputs.predictions) * stretches;
    const auto onlooker_of = [&](std::span<const Pairs> pairs) {
        return outputs.onlookers == nullptr ? nullptr : outputs.onlookers->of_stretch(pairs);
    };
    if (jobs == 1) return add_stretch(ends, outputs.pairs, {0, outputs.rows}, set, onlooker_of(outputs.pairs).get());
    std::mutex mutex;
    std::atomic<bool> is_certified = true;
    parallel_for(jobs, [&](std::ptrdiff_t index) {
        const std::size_t first = static_cast<std::size_t>(index / stretches) * outputs.predictions;
        const std::span<const Pairs> pairs = outputs.pairs.subspan(first, outputs.predictions);
        std::vector<CertifiedEnds> own(outputs.predictions);
        const Stretch stretch = stretch_at(outputs.rows, index % stretches);
        if (!is_certified || !add_stretch(own, pairs, stretch, set, onlooker_of(pairs).get())) {
            is_certified = false;
            return;
        }
        const std::lock_guard lock(mutex);
        for (std::size_t i = 0; i < own.size(); ++i) merge(ends[first + i], own[i]);
    });
    return is_certified;
}

bool share_truth(std::span<CertifiedEnds> ends, std::size_t predictions, int set) {
    for (std::size_t first = 0; first < ends.size(); first += predictions) {
        if (!share_truth(ends.subspan(first, predictions), set)) return false;
    }
    return true;
}

bool find_ends(std::span<CertifiedEnds> ends, const Outputs& outputs, std::span<const Summand> summands) {
    if (outputs.rows < fewest_certified_rows || ends.size() > most_certified) return false;
    const bool with_largest = outputs.onlookers != nullptr && outputs.onlookers->need_largest();
    const std::optional<int> set = certified_set(summands, are_weighted(outputs.pairs.front()), with_largest);
    const auto may_be = [&](const Pairs& one) { return may_be_certified(one, outputs.rows, *set); };
    return set && std::all_of(outputs.pairs.begin(), outputs.pairs.end(), may_be) &&
           add_stretches(ends, outputs, *set) && share_truth(ends, outputs.predictions, *set) &&
           std::all_of(ends.begin(), ends.end(), [&](const CertifiedEnds& own) { return are_certain(own, *set); });
}

bool has_one_value(const Question& question, const CertifiedEnds& ends, const SummandList& summands, double& value) {
    const auto is_value_at = [&](Corner corner) {
        double other;
        return give_value(question, sums_at(ends, summands, corner), other) &&
               ((value == other && std::signbit(value) == std::signbit(other)) || (value != value && other != other));
    };
    return give_value(question, sums_at(ends, summands, {.is_worst = true}), value) && is_value_at({}) &&
           (!ends.weight || (is_value_at({.is_worst = true, .is_heavy = true}) && is_value_at({.is_heavy = true})));
}

// Where both ends of the sums have one value.
bool give_certified_value(const Question& question, const Pairs& pairs, std::ptrdiff_t rows,
                          const SummandList& summands, double& value) {
    if (!question.asked.metric->follows_its_sums || question.summation != Summation::exact) return false;
    CertifiedEnds ends;
    return find_ends({&ends, 1}, {{&pairs, 1}, 1, rows}, {summands.begin(), summands.end()}) &&
           has_one_value(question, ends, summands, value);
}

using AddOutputs = void (*)(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Stretch& stretch,
                            int set);

void add_jobs(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Plan& plan, AddOutputs add,
              int set) {
    if (jobs_of(plan) == 1) return add(ends, outputs, {0, plan.rows}, set);
    std::mutex mutex;
    parallel_for(jobs_of(plan), [&](std::ptrdiff_t index) {
        const Job job = job_at(plan, index);
        const std::span<const Pairs> own_outputs = outputs_of(job, outputs);
        std::vector<CertifiedEnds> own(own_outputs.size());
        add(own, own_outputs, {job.first_row, job.last_row}, set);
        const std::lock_guard lock(mutex);
        const auto of_job = ends.subspan(static_cast<std::size_t>(job.first_output));
        for (std::size_t i = 0; i < own.size(); ++i) merge(of_job[i], own[i]);
    });
}

// Of all outputs at once. None where there is no such way.
std::vector<CertifiedEnds> ends_of_outputs(std::span<const Pairs> outputs, std::ptrdiff_t rows,
                                           std::span<const Summand> summands) {
    if (rows < fewest_certified_rows_of_outputs) return {};
    const std::optional<int> set = certified_set(summands, are_weighted(outputs.front()));
    if (!set) return {};
    const std::optional<int> of_columns = set_of_columns(outputs, *set);
    if (!of_columns) {
        const auto may_be = [&](const Pairs& pairs) { return may_be_certified(pairs, rows, *set); };
        if (are_interleaved(outputs) || outputs.size() > most_certified) return {};
        if (!std::all_of(outputs.begin(), outputs.end(), may_be)) return {};
    }
    const std::ptrdiff_t width = std::ssize(outputs);
    std::vector<CertifiedEnds> ends(outputs.size());
    if (of_columns) {
        add_jobs(ends, outputs, width > outputs_in_job ? tiled_plan_for(rows, width) : plan_for(rows, width),
                 add_columns, *of_columns);
    } else {
        add_jobs(ends, outputs, plan_for(rows, width), add_outputs, *set);
    }
    for (CertifiedEnds& own : ends) own.are_known = are_certain(own, *set);
    return ends;
}

bool are_squares_alone(const Question& question, const SummandList& summands, const Pairs& pairs) {
    return question.summation == Summation::exact && !are_weighted(pairs) && summands.count == 1 &&
           summands.all[0].term == Term::squared_error;
}

// Counts are of a state.
bool are_counted(std::span<const Summand> summands) {
    return std::any_of(summands.begin(), summands.end(),
                       [](const Summand& summand) { return is_by_size(summand.term); });
}

bool give_value_of_squares(const Question& question, const Pairs& pairs, std::ptrdiff_t rows, double& value) {
    ExactSquares squares;
    sum_stretch(squares, pairs, rows);
    OutputSums sums(Summation::exact, false, squares.counts);
    append(sums, {{Term::squared_error}, squares.sum, nullptr, {}, nullptr});
    return give_value(question, sums, value);
}

bool give_value_of(const Question& question, const Pairs& pairs, std::ptrdiff_t rows, double& value) {
    const SummandList summands = question.asked.metric->summands(question.asked.parameter);
    if (are_counted({summands.begin(), summands.end()})) return false;
    if (give_certified_value(question, pairs, rows, summands, value)) return true;
    if (are_squares_alone(question, summands, pairs)) return give_value_of_squares(question, pairs, rows, value);
    RunningSums running = running_sums(question.summation, are_weighted(pairs), {summands.begin(), summands.end()});
    sum_stretch(running, pairs, rows);
    const WeightFaults faults = weight_faults(running);
    if (faults.has_nan || faults.has_infinite) return false;
    return give_value(question, sums_of_output(running, summands), value);
}

bool answer_at_once(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                    std::span<double> values) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!give_value_of(question, outputs[i], rows, values[i])) return false;
    }
    return true;
}

bool says_nothing(const Configuration& configuration, const State& state, const AskedMetric& asked) {
    const auto is_let_through = [&](const PairCounts& counts) {
        return lets_through(configuration.nan_policy, counts);
    };
    return std::all_of(state.counts.begin(), state.counts.end(), is_let_through) &&
           why_no_score(configuration, state, asked).reason == Reason::none && !has_too_few_pairs(state, asked);
}

bool answer_by_a_state(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                       std::span<double> values) {
    Configuration configuration;
    configuration.metrics.push_back(question.asked);
    configuration.averaging = question.averaging;
    configuration.nan_policy = question.nan_policy;
    configuration.summation = question.summation;
    const State sums = pass_over(configuration, outputs, rows);
    if (!says_nothing(configuration, sums, question.asked)) return false;
    const std::vector<double> found = values_of(configuration, sums, question.asked);
    std::copy(found.begin(), found.end(), values.begin());
    return true;
}

// Of those that are certain, and then of the others.
bool answer_outputs(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                    std::span<double> values) {
    if (!question.asked.metric->follows_its_sums || question.summation != Summation::exact) return false;
    const SummandList summands = question.asked.metric->summands(question.asked.parameter);
    const bool have_lanes =
        are_squares_alone(question, summands, outputs[0]) && are_tiled(*current_target().kernels, outputs);
    if (have_lanes) return false;
    const std::vector<CertifiedEnds> ends = ends_of_outputs(outputs, rows, {summands.begin(), summands.end()});
    if (ends.empty()) return false;
    std::vector<std::size_t> others;
    std::vector<Pairs> pairs_of_others;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        if (ends[i].counts.pairs == 0) return false;
        if (ends[i].are_known && has_one_value(question, ends[i], summands, values[i])) continue;
        others.push_back(i);
        pairs_of_others.push_back(outputs[i]);
    }
    if (others.empty()) return true;
    std::vector<double> found(others.size());
    if (!answer_by_a_state(question, pairs_of_others, rows, found)) return false;
    for (std::size_t i = 0; i < others.size(); ++i) values[others[i]] = found[i];
    return true;
}

}  // namespace

bool answer(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows, std::span<double> values) {
    if (is_short(outputs.size(), rows)) {
        if (answer_at_once(question, outputs, rows, values)) return true;
    } else if (outputs.size() == 1) {
        const SummandList summands = question.asked.metric->summands(question.asked.parameter);
        if (give_certified_value(question, outputs[0], rows, summands, values[0])) return true;
    } else if (answer_outputs(question, outputs, rows, values)) {
        return true;
    }
    return answer_by_a_state(question, outputs, rows, values);
}

namespace {

std::vector<Summand> summands_of(const Configuration& configuration) {
    std::vector<Summand> summands;
    for (const AskedMetric& asked : configuration.metrics) {
        const SummandList own = asked.metric->summands(asked.parameter);
        summands.insert(summands.end(), own.begin(), own.end());
    }
    return summands;
}

bool follow_their_sums(const Configuration& configuration) {
    return std::all_of(configuration.metrics.begin(), configuration.metrics.end(),
                       [](const AskedMetric& asked) { return asked.metric->follows_its_sums; });
}

// Of one prediction in one output.
template <class GiveValue>
bool give_values(const Configuration& configuration, const Outputs& outputs, std::size_t index,
                 const PairCounts& counts, std::span<Answer> answers, GiveValue give) {
    const std::size_t all = outputs.pairs.size() / outputs.predictions;
    Answer& answer = answers[index % outputs.predictions];
    answer.values.resize(configuration.metrics.size() * all);
    add(answer.counts, counts);
    std::size_t place = index / outputs.predictions;
    for (const AskedMetric& asked : configuration.metrics) {
        const Question question{asked, Averaging::raw_values, configuration.nan_policy, configuration.summation};
        if (!give(question, asked.metric->summands(asked.parameter), answer.values[place])) return false;
        place += all;
    }
    return true;
}

bool give_certified_values(const Configuration& configuration, const Outputs& outputs,
                           std::span<const Summand> summands, std::span<Answer> answers,
                           std::span<CertifiedEnds> ends) {
    if (!follow_their_sums(configuration)) return false;
    if (!find_ends(ends, outputs, summands)) return false;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto give = [&](const Question& question, const SummandList& own, double& value) {
            return has_one_value(question, ends[i], own, value);
        };
        if (!give_values(configuration, outputs, i, ends[i].counts, answers, give)) return false;
    }
    return true;
}

// Of one prediction, in those outputs that are certain by what is certain, and in the others by a state.
bool give_values_of_outputs(const Configuration& configuration, std::span<const Pairs> pairs, std::ptrdiff_t rows,
                            Answer& answer) {
    if (configuration.summation != Summation::exact || !follow_their_sums(configuration)) return false;
    const std::vector<CertifiedEnds> ends = ends_of_outputs(pairs, rows, summands_of(configuration));
    if (ends.empty()) return false;
    const Outputs outputs{pairs, 1, rows};
    std::vector<std::size_t> others;
    std::vector<Pairs> pairs_of_others;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto give = [&](const Question& question, const SummandList& own, double& value) {
            return has_one_value(question, ends[i], own, value);
        };
        if (ends[i].are_known && give_values(configuration, outputs, i, {}, {&answer, 1}, give)) {
            add(answer.counts, ends[i].counts);
        } else {
            others.push_back(i);
            pairs_of_others.push_back(pairs[i]);
        }
    }
    if (others.empty()) return true;
    answer.values.resize(configuration.metrics.size() * pairs.size());
    const State sums = pass_over(configuration, pairs_of_others, rows);
    for (const PairCounts& own : sums.counts) add(answer.counts, own);
    std::size_t place = 0;
    for (const AskedMetric& asked : configuration.metrics) {
        if (!says_nothing(configuration, sums, asked)) return false;
        const std::vector<double> found = values_of(configuration, sums, asked);
        for (std::size_t i = 0; i < others.size(); ++i) answer.values[place + others[i]] = found[i];
        place += pairs.size();
    }
    return true;
}

bool give_summed_values(const Configuration& configuration, const Outputs& outputs, std::span<const Summand> summands,
                        std::span<Answer> answers) {
    if (are_counted(summands)) return false;
    if (!is_short(outputs.pairs.size(), outputs.rows)) return false;
    for (std::size_t i = 0; i < outputs.pairs.size(); ++i) {
        const Pairs& pairs = outputs.pairs[i];
        RunningSums running = running_sums(configuration.summation, are_weighted(pairs), summands);
        sum_stretch(running, pairs, outputs.rows);
        const WeightFaults faults = weight_faults(running);
        if (faults.has_nan || faults.has_infinite) return false;
        const auto give = [&](const Question& question, const SummandList& own, double& value) {
            return give_value(question, sums_of_output(running, own), value);
        };
        if (!give_values(configuration, outputs, i, running.counts, answers, give)) return false;
    }
    return true;
}

}  // namespace

bool answer_certainly(const Configuration& configuration, std::span<const Pairs> predictions, std::ptrdiff_t rows,
                      Onlookers& onlookers, std::span<Answer> answers, std::span<CertifiedEnds> ends) {
    if (configuration.summation != Summation::exact) return false;
    const Outputs outputs{predictions, predictions.size(), rows, &onlookers};
    return give_certified_values(configuration, outputs, summands_of(configuration), answers, ends);
}

bool answer_all(const Configuration& configuration, std::span<const std::span<const Pairs>> predictions,
                std::ptrdiff_t rows, std::span<Answer> answers) {
    if (predictions.size() == 1 && predictions.front().size() > 1 && rows >= fewest_certified_rows_of_outputs) {
        return give_values_of_outputs(configuration, predictions.front(), rows, answers.front());
    }
    if (are_interleaved(predictions.front())) return false;
    std::vector<Pairs> pairs;
    for (std::size_t output = 0; output < predictions.front().size(); ++output) {
        for (const std::span<const Pairs> own : predictions) pairs.push_back(own[output]);
    }
    const std::vector<Summand> summands = summands_of(configuration);
    const Outputs outputs{pairs, predictions.size(), rows};
    const bool is_exact = configuration.summation == Summation::exact;
    std::vector<CertifiedEnds> ends(pairs.size());
    if (is_exact && give_certified_values(configuration, outputs, summands, answers, ends)) return true;
    if (is_exact && rows >= fewest_certified_rows) return false;
    std::fill(answers.begin(), answers.end(), Answer{});
    return give_summed_values(configuration, outputs, summands, answers);
}

}  // namespace squarely
