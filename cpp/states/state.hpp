// The named sums of every output of a score: what update fills, what merges, and what metrics are computed from.
#pragma once

#include "blocks/column.hpp"
#include "numbers/compact_sum.hpp"
#include "states/little_endian.hpp"
#include "states/output_counts.hpp"
#include "states/size_counts.hpp"
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

// The sum of the kahan and pairwise modes: high + low.
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

// One summand, of every output. All vectors but one are empty, or but two.
struct Sums {
    Summand summand;
    CompactSums exact;
    std::vector<RoundedSum> rounded;
    std::vector<ExtremeValue> extreme;  // of largest_error, least_truth and greatest_truth
    std::vector<TermCounts> counted;    // of terms that may be no number
    std::vector<SizeCounts> by_size;    // of terms that are counted by size
};

struct State {
    Summation summation = Summation::exact;
    bool weighted = false;
    OutputCounts counts;
    std::vector<Sums> sums;
};

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

// More outputs, which have seen nothing, or none of them where memory runs out; or fewer, which asks for none.
void resize_outputs(State& state, std::size_t outputs);

// One of another state, of the same kind, in place of whatever there was.
void set_output(State& state, std::size_t output, const State& other, std::size_t from);

// Where the sum of one summand of one output is. What this kind of sum has not is null.
struct SumOfOutput {
    Summand summand;
    std::optional<SumLimbs> exact;
    const RoundedSum* rounded;
    std::optional<ExtremeValue> extreme;
    const TermCounts* counted;
    const SizeCounts* by_size = nullptr;
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
void subtract(State& state, const State& other);
void subtract_sums(State& state, const State& other);  // leaving extremes as they are, to be set by who knows them

// Where outputs of one state go in another.
struct Places {
    std::size_t first = 0;                       // where the first of them goes, and the others behind it; or
    std::span<const std::uint32_t> groups = {};  // of which groups they are, one after another,
    std::size_t width = 1;                       // each of so many outputs
    bool are_set_first = false;                  // sums that round are not joined with those of no rows, but set

    std::size_t operator()(std::size_t output) const {
        if (groups.empty()) return first + output;
        return width == 1 ? groups[output] : groups[output / width] * width + output % width;
    }
};

// Into these outputs, unchecked. Where memory runs out, nothing is changed.
void merge_outputs(State& state, const State& other, const Places& places);

// The same in two steps, of which only the first asks for memory, and can be taken back without any.
void merge_exact_sums(State& state, const State& other, const Places& places);
void take_exact_sums_back(State& state, const State& other, const Places& places);
void merge_the_rest(State& state, const State& other, const Places& places);

// The bytes of what is summed, and of the counts and sums of all outputs: see cpp/README.md. Equal exact states have
// equal bytes, and unequal ones different bytes.
void append_sums(const State& state, std::vector<unsigned char>& bytes);

// Version 2 did not say which side of a pair is infinite, nor its sign, and of extremes the nearest doubles.
enum class ByteForm { version_2, version_3 };

// Reads what append_sums wrote, or wrote in version 2, of so many outputs and the summands of kind. Throws Refused
// where no data can have given these bytes, and asks for no more memory than in proportion to them.
State read_sums(const State& kind, std::size_t outputs, ByteReader& reader, ByteForm form = ByteForm::version_3);

}  // namespace squarely
