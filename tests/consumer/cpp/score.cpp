// C++17: the same through the face that is C++.
#include <squarely/squarely.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

double next(std::uint32_t& seed) {
    seed = seed * 1664525u + 1013904223u;
    return static_cast<double>(static_cast<std::int32_t>(seed) >> 4) / 1048576;
}

}  // namespace

int main() {
    std::vector<double> y_true;
    std::vector<float> y_pred;
    std::uint32_t seed = 1;
    for (int i = 0; i < 1000; ++i) {
        y_true.push_back(next(seed));
        y_pred.push_back(static_cast<float>(next(seed)));
    }
    const std::vector<double> wide_pred(y_pred.begin(), y_pred.end());
    squarely::State state({"mean_squared_error", "r2_score", {"mean_pinball_loss", 0.9}});
    state.update(squarely::Span<double>(y_true.data(), 600), squarely::Span<float>(y_pred.data(), 600));
    state.update(squarely::Span<double>(y_true.data() + 600, 400), squarely::Span<float>(y_pred.data() + 600, 400));

    // A copy is a value of its own, and what is taken away leaves no trace.
    const squarely::State copy = state;
    state.merge(copy).subtract(copy);
    std::printf("%.17g\n%s\n", squarely::mean_squared_error(y_true, wide_pred), state.digest().c_str());

    try {
        squarely::mean_squared_error(y_true, std::vector<double>(3));
    } catch (const squarely::Error& error) {
        return error.status() == SQUARELY_INVALID_ARGUMENT ? 0 : 1;
    }
    return 1;
}
