#include "binding/binding.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"

namespace squarely {

void register_targets(py::module_& module) {
    current_target();  // a wrong SQUARELY_TARGET is refused at import, not in the middle of a run
    module.def("targets", [] { return py::tuple(py::cast(targets_here())); });
    module.def("get_target", [] { return std::string(current_target().name); });
    module.def("set_target", &set_target, py::arg("name"));
    // Told by the kernel object itself: proof of which one runs.
    module.def("get_lanes", [] { return current_target().kernels->lanes; });
}

void register_threads(py::module_& module) {
    num_threads();  // likewise SQUARELY_NUM_THREADS
    module.def("get_num_threads", &num_threads);
    module.def("set_num_threads", &set_num_threads, py::arg("count"));
    module.def("use_one_thread_here", &use_one_thread_here, py::arg("one"));
}

void register_build(py::module_& module) {
    module.attr("version") = SQUARELY_VERSION;
    module.attr("compiler") = SQUARELY_COMPILER;
    module.attr("openmp") = built_with_openmp();
}

}  // namespace squarely
