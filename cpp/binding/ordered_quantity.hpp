// What is ordered, by its name.
#pragma once

#include "order/order_statistics.hpp"

#include <stdexcept>
#include <string>

namespace squarely {

inline OrderedQuantity quantity_named(const std::string& name) {
    if (name == "absolute_error") return OrderedQuantity::absolute_error;
    if (name == "truth") return OrderedQuantity::truth;
    throw std::invalid_argument("The 'quantity' parameter must be 'absolute_error' or 'truth'. Got '" + name + "'.");
}

}  // namespace squarely
