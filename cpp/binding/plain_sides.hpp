// Truth, predictions, weights and masks as they come most often: NumPy arrays, numbers and lists of numbers, seen
// without any Python in between. Whatever else there is takes the way through python/squarely/columns.
#pragma once

#include "binding/binding.hpp"

#include <span>

namespace squarely {

// One side. Of a list or a number it holds the values; an array it only refers to.
struct PlainSide {
    const char* data = nullptr;
    int dimensions = 0;
    const py::ssize_t* shape = nullptr;
    const py::ssize_t* strides = nullptr;
    DType dtype = DType::float64;
    bool swapped = false;

    py::ssize_t own_shape = 0;
    py::ssize_t own_stride = 8;
    double number = 0;
    std::vector<std::uint64_t> values;  // doubles or 64-bit integers

    PlainSide() = default;
    PlainSide(const PlainSide&) = delete;
    PlainSide& operator=(const PlainSide&) = delete;
};

enum class Numbers { refused, taken };  // whether one number is a row

// Called once, before there are threads.
void know_numpy_types();

// False where the object is none of these.
bool see_plain_side(py::handle object, Numbers numbers, PlainSide& side);

// What one call of an update or a metric brings.
struct PlainPairs {
    PlainSide y_true, y_pred, weights, where;
    Pairs one;
    std::vector<Pairs> several;
    py::ssize_t rows = 0;
    std::vector<std::size_t> shape;  // of the outputs; left empty for one output in one dimension

    std::span<const Pairs> outputs() const {
        return several.empty() ? std::span<const Pairs>(&one, 1) : std::span<const Pairs>(several);
    }
};

// Few rows of many outputs, as of a field that comes day by day: each row as pairs of as many outputs.
struct WideRows {
    std::vector<Pairs> rows;
    std::vector<std::size_t> shape;  // of the outputs
};

// False where they are no arrays that lie so, or are not so few and so many.
bool see_wide_rows(py::handle y_true, py::handle y_pred, py::ssize_t axis, WideRows& wide);

// False where something is not plain, or does not fit: the other way has the words for it.
bool see_plain_pairs(py::handle y_true, py::handle y_pred, py::handle sample_weight, py::handle where, py::ssize_t axis,
                     Numbers numbers, PlainPairs& pairs);

}  // namespace squarely
