#include "binding/binding.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled core of squarely. Use the squarely package instead.";
    squarely::register_refusals(module);
    squarely::register_targets(module);
    squarely::register_threads(module);
    squarely::register_metrics(module);
    squarely::register_state(module);
    squarely::register_accumulator(module);
    squarely::register_window(module);
    squarely::register_way_in(module);
    squarely::register_elementary(module);
    squarely::register_order_statistics(module);
    squarely::register_losses(module);
    squarely::register_quick_losses(module);
    squarely::register_build(module);
    squarely::register_c_api(module);
    squarely::register_arrow(module);
}
