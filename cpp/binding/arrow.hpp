// Arrow data of any library by the Arrow C data interface, https://arrow.apache.org/docs/format/CDataInterface.html.
// Nothing is copied: arrays of NumPy refer to the buffers, and keep them alive.
#pragma once

#include "binding/binding.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace squarely {

struct ArrowSchema {
    const char* format;
    const char* name;
    const char* metadata;
    std::int64_t flags;
    std::int64_t n_children;
    ArrowSchema** children;
    ArrowSchema* dictionary;
    void (*release)(ArrowSchema*);
    void* private_data;
};

struct ArrowArray {
    std::int64_t length;
    std::int64_t null_count;
    std::int64_t offset;
    std::int64_t n_buffers;
    std::int64_t n_children;
    const void** buffers;
    ArrowArray** children;
    ArrowArray* dictionary;
    void (*release)(ArrowArray*);
    void* private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
    int (*get_next)(ArrowArrayStream*, ArrowArray*);
    const char* (*get_last_error)(ArrowArrayStream*);
    void (*release)(ArrowArrayStream*);
    void* private_data;
};

struct Batch {
    const ArrowArray* array;
    py::object owner;
};

// Whether its type has such a method.
bool has_arrow(const py::object& source);

// Reads all batches, while the schema and they are there: for longer only what keeps their owners.
py::object read_arrow(const py::object& source,
                      const std::function<py::object(const ArrowSchema&, const std::vector<Batch>&)>& read);

// Elements of this type, which nobody may write to.
py::array view_of(const void* data, std::int64_t count, DType type, const py::object& owner);

}  // namespace squarely
