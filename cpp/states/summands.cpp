#include "states/summands.hpp"

#include <algorithm>
#include <tuple>

namespace squarely {
namespace {

auto key(const Summand& summand) { return std::tuple(summand.term, summand.parameter); }

}  // namespace

std::vector<Summand> in_order(std::vector<Summand> summands) {
    std::sort(summands.begin(), summands.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
    summands.erase(std::unique(summands.begin(), summands.end()), summands.end());
    return summands;
}

}  // namespace squarely
