// The sums of a call that keeps no state: where they are known well enough for the nearest double, they need not be
// exact. Ends between which each sum lies are exact numbers, and if a metric has one value for the worst and for the
// best of them, it is the value (the strategy of Ziv, "Fast evaluation of elementary mathematical functions with
// correctly rounded last bit", 1991). Where it has two, or anything is unusual, all is summed again, exactly.
#pragma once

#include "blocks/block.hpp"
#include "blocks/column.hpp"
#include "blocks/stretches.hpp"
#include "kernels/kernels.hpp"
#include "states/formulas.hpp"

#include <memory>
#include <optional>
#include <span>

namespace squarely {

// Shorter ones are summed sooner than ends are rounded twice.
constexpr std::ptrdiff_t fewest_certified_rows = block_length;
constexpr std::ptrdiff_t fewest_certified_rows_of_outputs = 4 * block_length;

// Which of certified_sets has all of these sums, or none; with the largest error where that is looked at, too.
std::optional<int> certified_set(std::span<const Summand> summands, bool weighted, bool with_largest = false);

bool has_all(const CertifiedSet& set, const CertifiedSet& wanted);

bool may_be_certified(const Pairs& pairs, std::ptrdiff_t rows, int set);

// A sum lies between these.
struct Ends {
    ExactSum low;
    ExactSum high;
};

// There are those that are wanted, and only when rows have been added: clearing the others would take as long as a
// hundred pairs.
struct CertifiedEnds {
    CertifiedEnds() noexcept {}  // not left to the compiler, which clears them all the same

    std::optional<Ends> squared_error, absolute_error, error, squared_truth, truth, percentage_error, weight;
    double largest_error = 0;
    PairCounts counts;
    bool are_known = true;  // false where this is not the way
};

// What no difference of some rows is beyond. With weights no product of its square, or of its size, and its weight.
// Infinity where it is not known.
struct LargestOfRows {
    double value;
    bool is_of_squares;
};

// Looks at the rows of a stretch while they are near, which is soon after they were summed.
class Onlooker {
  public:
    virtual ~Onlooker() = default;
    virtual void look_at(std::size_t prediction, const Rows& rows, const LargestOfRows& largest) = 0;
    virtual void finish() = 0;  // when it has seen all of the stretch
};

class Onlookers {
  public:
    virtual ~Onlookers() = default;
    virtual bool need_largest() const = 0;
    virtual std::unique_ptr<Onlooker> of_stretch(std::span<const Pairs> predictions) = 0;
};

// Adds a stretch of rows of predictions of one truth. False where this is not the way. Only the first ones have what is
// of the truth alone.
bool add_stretch(std::span<CertifiedEnds> ends, std::span<const Pairs> pairs, const Stretch& stretch, int set,
                 Onlooker* onlooker = nullptr);

// Adds a stretch of rows of outputs, each with a truth of its own.
void add_outputs(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Stretch& stretch, int set);

// When all stretches are together: false where not all predictions are of the same rows.
bool share_truth(std::span<CertifiedEnds> ends, int set);

void merge(CertifiedEnds& ends, const CertifiedEnds& other);

// Whether worst and best are what they say: the signs of sums are known, and that the truth is not constant.
bool are_certain(const CertifiedEnds& ends, int set);

// The larger the errors and the smaller the variance of the truth, the worse. What more weight does depends on the
// metric, but with everything else fixed it is better or worse from the least to the greatest: of 1 / weight, all of
// these metrics are quotients of two linear functions.
struct Corner {
    bool is_worst = false;
    bool is_heavy = false;
};

OutputSums sums_at(const CertifiedEnds& ends, const SummandList& summands, Corner corner);

}  // namespace squarely
