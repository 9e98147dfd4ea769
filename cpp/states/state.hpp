// The named sums of every output of a score: what update fills, what merges, and what metrics are computed from.
#pragma once

#include "blocks/column.hpp"
#include "kernels/kernels.hpp"
#include "numbers/exact_sum.hpp"
#include "states/little_endian.hpp"
#include "tables/choices.hpp"
#include "tables/reasons.hpp"
#include "tables/terms.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

namespace squarely {

// A term and, where it has one, its parameter.
struct Summand {
    Term term = Term::squared_error;
    double parameter = 0;

    bool operator==(const Summand&) const = default;
};

// What a metric sums. No metric needs more, and none asks for memory to say so.
struct SummandList {
    static constexpr int most = 6;

    Summand all[most] = {};
    int count = 0;

    SummandList(std::initializer_list<Summand> summands) {
        for (const Summand& summand : summands) all[count++] = summand;
    }
    const Summand* begin() const { return all; }
    const Summand* end() const { return all + count; }
};

// Counted, never added. Nothing is decided here: what a missing value (NaN, or null) means is the reader's policy.
struct PairCounts {
    std::uint64_t pairs = 0;         // pairs of two numbers; their terms are in the sums, or counted below
    std::uint64_t infinite = 0;      // of these: one side infinite, or both with opposite signs
    std::uint64_t undefined = 0;     // of these: infinity against the same infinity
    std::uint64_t missing_true = 0;  // pairs left out because the truth is NaN
    std::uint64_t missing_pred = 0;  // pairs left out because only the prediction is NaN
    std::uint64_t masked = 0;        // pairs left out because their row does not count
    std::uint64_t high_true = 0;     // of the infinite pairs: the truth is infinity,
    std::uint64_t low_true = 0;      // minus infinity,
    std::uint64_t high_pred = 0;     // or only the prediction is
    std::uint64_t low_pred = 0;

    bool operator==(const PairCounts&) const = default;
};

// In the order of the byte form, where the second ones stand only if there are infinite pairs.
constexpr std::uint64_t PairCounts::* counts_of_every_output[] = {&PairCounts::pairs,        &PairCounts::infinite,
                                                                  &PairCounts::undefined,    &PairCounts::missing_true,
                                                                  &PairCounts::missing_pred, &PairCounts::masked};
constexpr std::uint64_t PairCounts::* counts_of_infinite_pairs[] = {&PairCounts::high_true, &PairCounts::low_true,
                                                                    &PairCounts::high_pred, &PairCounts::low_pred};

// The sum of the kahan and pairwise modes: high + low. Sixteen bytes where an exact sum takes 544.
struct RoundedSum {
    double high = 0;
    double low = 0;
};

// The double nearest to what was compared, and what that leaves of an integer no double holds. The nearest of larger
// numbers are not smaller, so that this order is theirs.
struct ExtremeValue {
    double nearest = 0;
    double rest = 0;

    auto operator<=>(const ExtremeValue&) const = default;
};

// Pairs of two finite numbers whose term is none: counted beside the sum, and not in it.
struct TermCounts {
    std::uint64_t outside = 0;   // of the term's domain, as a negative number under a logarithm
    std::uint64_t infinite = 0;  // the term is beyond the largest double

    bool operator==(const TermCounts&) const = default;
};

// One summand, of every output. Two of the vectors are empty, or one.
struct Sums {
    Summand summand;
    std::vector<ExactSum> exact;
    std::vector<RoundedSum> rounded;
    std::vector<ExtremeValue> extreme;  // of largest_error, least_truth and greatest_truth
    std::vector<TermCounts> counted;    // of terms that may be no number
};

struct State {
    Summation summation = Summation::exact;
    bool weighted = false;
    std::vector<PairCounts> counts;  // one an output
    std::vector<Sums> sums;
};

void add(PairCounts& counts, const PairCounts& more);

// Pairs that a kernel has left out, which are in counts.pairs already.
void add(PairCounts& counts, const LeftOut& left_out);

// All that were seen, whether they count or not.
std::uint64_t rows_of(const PairCounts& counts);

// Whether all of so many rows are pairs of two finite numbers.
bool are_all_finite(const PairCounts& counts, std::ptrdiff_t rows);

// Whether both sum the same in the same way, of however many outputs.
bool are_of_one_kind(const State& state, const State& other);

// Each summand once, in any order. A weighted state sums the weights too.
State make_state(std::size_t outputs, Summation summation, std::vector<Summand> summands, bool weighted);

// Of the same summands, with nothing summed.
State empty_like(const State& state, std::size_t outputs);

// Some of the outputs. Throws Refused where there are fewer.
State outputs_from(const State& state, std::size_t first, std::size_t count);

// All outputs of one state or more over the same rows, one after another: what outputs_from cut. Throws Refused where
// they differ in summation or summands.
State outputs_together(std::span<const State* const> parts);

// Where the sum of one summand of one output is. What this kind of sum has not is null.
struct SumOfOutput {
    Summand summand;
    const ExactSum* exact;
    const RoundedSum* rounded;
    std::optional<ExtremeValue> extreme;
    const TermCounts* counted;
};

// Sums that round are set.
void add_to_output(Sums& sums, std::size_t output, const SumOfOutput& more);

// Where the sums of a summand are, or null.
const Sums* find(const State& state, const Summand& summand);

// Weights that no sum can be taken with.
struct WeightFaults {
    bool has_nan = false;
    bool has_infinite = false;
};

void add(WeightFaults& faults, const WeightFaults& more);

// Adds rows pairs to every output. Exact states do not depend on how rows are split over
// calls, on their order, or on threads. Kahan and pairwise states depend on the split, never on threads or target.
// Outputs have weights where the state is weighted, and only there. Where the weight of a row that counts is NaN or
// infinite, the state is of no use any more.
WeightFaults update(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows);

// Both throw Refused, and change nothing, where the states differ in summation, summands or number of
// outputs; subtract also where the other state is no part of this one, or where a summand is an extreme: no largest
// value can be taken away again.
void merge(State& state, const State& other);
void merge_outputs(State& state, std::size_t first, const State& other);  // into these outputs only; unchecked
void subtract(State& state, const State& other);
void subtract_sums(State& state, const State& other);  // leaving extremes as they are, to be set by who knows them

// The bytes of what is summed, and of the counts and sums of all outputs: see cpp/README.md. Equal exact states have
// equal bytes, and unequal ones different bytes.
void append_sums(const State& state, std::vector<unsigned char>& bytes);

// Version 2 did not say which side of a pair is infinite, nor its sign, and of extremes the nearest doubles.
enum class ByteForm { version_2, version_3 };

// Reads what append_sums wrote, or wrote in version 2, of so many outputs and the summands of kind. Throws Refused
// where no data can have given these bytes, and asks for no more memory than in proportion to them.
State read_sums(const State& kind, std::size_t outputs, ByteReader& reader, ByteForm form = ByteForm::version_3);

}  // namespace squarely
