// The functions of squarely.h for other extensions, who find them at run time: see squarely_python.h.
#include "binding/binding.hpp"
#include "squarely/squarely.h"

namespace squarely {

void register_c_api(py::module_& module) {
    module.attr("c_api") = py::capsule(squarely_get_api(), "squarely._core.c_api");
}

}  // namespace squarely
