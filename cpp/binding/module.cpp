#include "binding/binding.hpp"

// It is not said that this works without the GIL, and it would not: whatever is shared changes while the GIL is held. A
// free-threaded Python turns it on at import, with a warning of its own.
PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled core of squarely. Use the squarely package instead.";
    squarely::register_refusals(module);
    squarely::register_targets(module);
    squarely::register_threads(module);
    squarely::register_terms(module);
    squarely::register_metrics(module);
    squarely::register_state(module);
    squarely::register_accumulator(module);
    squarely::register_grouped(module);
    squarely::register_window(module);
    squarely::register_way_in(module);
    squarely::register_quick_update(module);
    squarely::register_elementary(module);
    squarely::register_order_statistics(module);
    squarely::register_order_of_files(module);
    squarely::register_worst_rows(module);
    squarely::register_losses(module);
    squarely::register_quick_losses(module);
    squarely::register_build(module);
    squarely::register_c_api(module);
    squarely::register_arrow(module);
    squarely::register_arrow_keys(module);
    squarely::register_keys(module);
}
