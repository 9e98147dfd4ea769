// THE accumulator: what is asked, and the sums of all pairs seen. A one-shot call is one that lives for a call;
// Python's Accumulator and the states of squarely.h are this one, with words of their own.
#pragma once

#include "accumulator/configuration.hpp"
#include "accumulator/open_sums.hpp"
#include "groups/moments_by_group.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace squarely {

using Shape = std::vector<std::size_t>;

constexpr std::size_t most_dimensions = 64;  // of an array of NumPy

// Rows that are open are not counted with the others, and must never be too many for them.
bool has_room_for_open_rows(const State& state);

// A row of pairs has one of each output: its groups are numbered as they are.
struct OpenOutputs {
    explicit OpenOutputs(const State& state);

    OpenMoments moments;
    std::vector<std::uint32_t> groups;
};

struct Accumulator {
    std::shared_ptr<const Configuration> configuration;
    Shape shape;                 // of the outputs; without dimensions as long as it is not known
    std::optional<State> state;  // none as long as nothing was seen, except where it was made for a number of outputs
    bool has_seen = false;       // something was added
    // Of short chunks, until somebody looks: of one output, and of many. Apart, because they are many times as large.
    std::unique_ptr<OpenSums> open;
    std::optional<OpenOutputs> open_outputs;
    // Pairs of chunks of a few rows, one after another: truth, prediction and, where the state is weighted, weight.
    std::vector<double> waiting;

    explicit Accumulator(std::shared_ptr<const Configuration> asked) : configuration(std::move(asked)) {}
};

// All sums, with everything that was open. Null where nothing was seen.
const State* sums_of(Accumulator& accumulator);

// The sums of rows pairs, for add. Depends on nothing that others may change, so that the pass needs no lock.
State pass_over(const Configuration& configuration, std::span<const Pairs> outputs, std::ptrdiff_t rows);

// All of these throw Refused, and change nothing, where something does not go together.

// What a pass has summed; adds nothing where that has seen no rows.
void add(Accumulator& accumulator, State&& sums, const Shape& shape);

// A short chunk of one output. False, and nothing added, where the other way is to be taken, which says why.
bool add_short_chunk(Accumulator& accumulator, const Pairs& pairs, std::ptrdiff_t rows);

// Few rows of many outputs, each row as pairs of all of them. False, and nothing added, where the other way is to be
// taken.
bool add_wide_rows(Accumulator& accumulator, std::span<const Pairs> rows, const Shape& shape);

void merge(Accumulator& accumulator, Accumulator& other);
void subtract(Accumulator& accumulator, Accumulator& other);
void reset(Accumulator& accumulator);
Accumulator copy_of(Accumulator& accumulator);
Accumulator copy_of_closed(const Accumulator& accumulator);  // of which nothing is open
void check_same_configuration(const Accumulator& accumulator, const Accumulator& other);

std::size_t outputs_of(std::span<const std::size_t> shape);

}  // namespace squarely
