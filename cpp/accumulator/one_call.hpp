// An accumulator that lives for one call, of one metric: the everyday question, without making what is not needed.
#pragma once

#include "accumulator/scores.hpp"

#include <span>

namespace squarely {

struct Question {
    AskedMetric asked;
    Averaging averaging = Averaging::uniform_average;  // or raw_values: nothing else
    NanPolicy nan_policy = NanPolicy::raise;
    Summation summation = Summation::exact;
};

// One value an output. False where there is anything to say beside the values: a refusal, or a warning.
bool answer(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows, std::span<double> values);

struct Answer {
    std::vector<double> values;  // one a metric
    PairCounts counts;
};

// Of predictions of one truth without weights, each of one output. False also where there is no shorter way than a
// state for one of them.
bool answer_all(const Configuration& configuration, std::span<const Pairs> predictions, std::ptrdiff_t rows,
                std::span<Answer> answers);

// Of one prediction of several outputs: for every metric one value an output. Their pairs are counted together.
bool answer_all(const Configuration& configuration, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                std::span<std::vector<double>> values, PairCounts& counts);

}  // namespace squarely
