// An accumulator that lives for one call, of one metric: the everyday question, without making what is not needed.
#pragma once

#include "accumulator/scores.hpp"
#include "sums/certified_sums.hpp"

#include <optional>
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
    std::vector<double> values;  // of each metric one an output
    PairCounts counts;           // of all outputs together
};

// The same of one output, where its sums are certain, with the ends of these, while others look at the rows. False
// where that is not the way.
bool answer_certainly(const Configuration& configuration, std::span<const Pairs> predictions, std::ptrdiff_t rows,
                      Onlookers& onlookers, std::span<Answer> answers, std::span<CertifiedEnds> ends);

// Of predictions of one truth, with as many outputs each and all weighted alike. False also where there is no shorter
// way than a state for one of them.
bool answer_all(const Configuration& configuration, std::span<const std::span<const Pairs>> predictions,
                std::ptrdiff_t rows, std::span<Answer> answers);

}  // namespace squarely
