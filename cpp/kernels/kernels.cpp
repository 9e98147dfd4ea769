// Compiled once per instruction set; targets.cmake names the sets and defines SQUARELY_KERNELS, the one exported
// symbol.
#include "kernels.hpp"

#include "elementary.hpp"
#include "filters.hpp"
#include "lanes.hpp"
#include "load.hpp"
#include "load_tile.hpp"
#include "losses.hpp"
#include "store.hpp"
#include "sums/exact.hpp"
#include "sums/exact_integers.hpp"
#include "sums/kahan.hpp"
#include "sums/pairwise.hpp"
#include "survey.hpp"
#include "terms.hpp"

namespace squarely {

extern const Kernels SQUARELY_KERNELS;

const Kernels SQUARELY_KERNELS = {
    .lanes = lanes,

    // In the order of DType.
    .load =
        {
            {load_column<double, false>, load_column<double, true>},
            {load_column<float, false>, load_column<float, true>},
            {load_column<Float16, false>, load_column<Float16, true>},
            {load_column<BFloat16, false>, load_column<BFloat16, true>},
            {load_column<std::int64_t, false>, load_column<std::int64_t, true>},
            {load_column<std::int32_t, false>, load_column<std::int32_t, true>},
            {load_column<std::int16_t, false>, load_column<std::int16_t, true>},
            {load_column<std::int8_t, false>, load_column<std::int8_t, true>},
            {load_column<std::uint64_t, false>, load_column<std::uint64_t, true>},
            {load_column<std::uint32_t, false>, load_column<std::uint32_t, true>},
            {load_column<std::uint16_t, false>, load_column<std::uint16_t, true>},
            {load_column<std::uint8_t, false>, load_column<std::uint8_t, true>},
            {load_column<Boolean, false>, load_column<Boolean, true>},
        },
    .load_tile = load_tile,

    .largest_difference = largest_difference,
    .copy_present = copy_present,
    .copy_where = copy_where,
    .count_where = count_where,

    .exact_squares = exact_squares,
    .exact_squares_present = exact_squares_present,
    .exact_squares_where = exact_squares_where,
    .exact_squares_by_lane = exact_squares_by_lane,
    .exact_squares_float32 = exact_squares_float32,
    .exact_squares_int32 = exact_squares_integer<std::int32_t>,
    .exact_squares_uint32 = exact_squares_integer<std::uint32_t>,
    .squares_int8 = squares_byte<std::int8_t>,
    .squares_uint8 = squares_byte<std::uint8_t>,
    .squares_int16 = squares_short<std::int16_t>,
    .squares_uint16 = squares_short<std::uint16_t>,
    .exact_squares_partial = exact_squares_partial,

    .kahan_squares = kahan_sum<SquaredError>,
    .pairwise_squares = pairwise_sum<SquaredError>,

    .logarithm = for_each<logarithm>,
    .log1p = for_each<log1p>,
    .log1p_remainder = for_each<log1p_remainder>,
    .exponential = for_each<exponential>,
    .power = powers,
    .log_cosh = for_each<log_cosh>,

    // In the order of Loss.
    .losses =
        {
            {fill<ValueOf<SquaredErrorLoss>>, fill<DerivativeOf<SquaredErrorLoss>>},
            {fill<ValueOf<AbsoluteErrorLoss>>, fill<DerivativeOf<AbsoluteErrorLoss>>},
            {fill<ValueOf<HuberLoss>>, fill<DerivativeOf<HuberLoss>>},
            {fill<ValueOf<LogCoshLoss>>, fill<DerivativeOf<LogCoshLoss>>},
            {fill<ValueOf<PinballLoss>>, fill<DerivativeOf<PinballLoss>>},
        },
    .losses_float32 =
        {
            {fill_float32<ValueOf<SquaredErrorLoss>>, fill_float32<DerivativeOf<SquaredErrorLoss>>},
            {fill_float32<ValueOf<AbsoluteErrorLoss>>, fill_float32<DerivativeOf<AbsoluteErrorLoss>>},
            {fill_float32<ValueOf<HuberLoss>>, fill_float32<DerivativeOf<HuberLoss>>},
            {fill_float32<ValueOf<LogCoshLoss>>, fill_float32<DerivativeOf<LogCoshLoss>>},
            {fill_float32<ValueOf<PinballLoss>>, fill_float32<DerivativeOf<PinballLoss>>},
        },
    .scale = scale,
    .store = {store_column<double>, store_column<float>, store_column<Float16>, store_column<BFloat16>},
};

}  // namespace squarely
