// Compiled once per instruction set; targets.cmake names the sets and defines SQUARELY_KERNELS, the one exported
// symbol.
#include "kernels/kernels.hpp"

#include "kernels/elementary.hpp"
#include "kernels/filters.hpp"
#include "kernels/keep.hpp"
#include "kernels/lanes.hpp"
#include "kernels/load.hpp"
#include "kernels/load_tile.hpp"
#include "kernels/losses.hpp"
#include "kernels/order.hpp"
#include "kernels/store.hpp"
#include "kernels/sums/exact.hpp"
#include "kernels/sums/exact_integers.hpp"
#include "kernels/sums/exact_moments.hpp"
#include "kernels/sums/exact_terms.hpp"
#include "kernels/sums/exact_values.hpp"
#include "kernels/sums/kahan.hpp"
#include "kernels/sums/pairwise.hpp"
#include "kernels/survey.hpp"
#include "kernels/terms.hpp"
#include "kernels/validity.hpp"
#include "kernels/weights.hpp"

namespace squarely {

extern const Kernels SQUARELY_KERNELS;

const Kernels SQUARELY_KERNELS =
    {
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
        .float64_tiles = {load_tile, exact_squares_by_lane<Float64Row>},
        .float32_tiles = {load_narrow_tile<Float32Row>, exact_squares_by_lane<Float32Row>},
        .int32_tiles = {load_narrow_tile<IntegerRow<std::int32_t>>, exact_squares_by_lane<IntegerRow<std::int32_t>>},
        .uint32_tiles = {load_narrow_tile<IntegerRow<std::uint32_t>>, exact_squares_by_lane<IntegerRow<std::uint32_t>>},

        .largest_difference = largest_difference,
        .copy_present = copy_present,
        .copy_where = copy_where,
        .count_where = count_where,
        .words_of_zero_bytes = words_of_zero_bytes,
        .count_bits = count_bits,
        .copy_marked = copy_marked,

        .exact_squares = exact_squares,
        .exact_squares_present = exact_squares_present,
        .exact_squares_where = exact_squares_where,
        .exact_squares_valid = exact_squares_valid,
        .exact_squares_float32 = exact_squares_float32,
        .exact_squares_int32 = exact_squares_integer<std::int32_t>,
        .exact_squares_uint32 = exact_squares_integer<std::uint32_t>,
        .exact_squares_float32_valid = exact_squares_float32_valid,
        .exact_squares_int32_valid = exact_squares_integer_valid<std::int32_t>,
        .exact_squares_uint32_valid = exact_squares_integer_valid<std::uint32_t>,
        .squares_int8 = squares_byte<std::int8_t>,
        .squares_uint8 = squares_byte<std::uint8_t>,
        .squares_int16 = squares_short<std::int16_t>,
        .squares_uint16 = squares_short<std::uint16_t>,
        .exact_squares_partial = exact_squares_partial,

        .exact_moments = {{{{exact_moments<false, false, false, false>, exact_moments<false, false, false, true>},
                            {exact_moments<false, false, true, false>, exact_moments<false, false, true, true>}},
                           {{exact_moments<false, true, false, false>, exact_moments<false, true, false, true>},
                            {exact_moments<false, true, true, false>, exact_moments<false, true, true, true>}}},
                          {{{exact_moments<true, false, false, false>, exact_moments<true, false, false, true>},
                            {exact_moments<true, false, true, false>, exact_moments<true, false, true, true>}},
                           {{exact_moments<true, true, false, false>, exact_moments<true, true, false, true>},
                            {exact_moments<true, true, true, false>, exact_moments<true, true, true, true>}}}},
        .find_misfits = find_misfits,

        // In the order of Term.
        .terms =
            {
                term_kernel<SquaredError>(),
                term_kernel<Error>(),
                term_kernel<AbsoluteError>(),
                term_kernel<Truth>(),
                term_kernel<SquaredTruth>(),
                term_kernel<Prediction>(),
                term_kernel<SquaredPrediction>(),
                term_kernel<One>(),
                term_kernel<AbsoluteTruth>(),
                term_kernel<SquaredUnderprediction>(),
                term_kernel<HuberLossTerm>(),
                term_kernel<AbsolutePercentageError>(),
                term_kernel<SymmetricAbsolutePercentageError>(),
                term_kernel<SquaredLogError>(),
                term_kernel<LogCoshLossTerm>(),
                term_kernel<TukeyLoss>(),
                term_kernel<PoissonDeviance>(),
                term_kernel<GammaDeviance>(),
                term_kernel<TweedieDeviance>(),
                term_kernel<TruthOfPoissonDeviance>(),
                term_kernel<TruthOfGammaDeviance>(),
                term_kernel<TruthOfTweedieDeviance>(),
                {},  // largest_error, least_truth and greatest_truth are compared, not summed
                {},
                {},
            },
        .weigh = weigh,
        .exact_values = exact_values,
        .find_misfit_values = find_misfit_values,

        .all_finite = all_finite,
        .largest_value = largest_value,
        .keep_finite = keep_finite,
        .keep_rows = keep_rows,
        .find_extremes = find_extremes,

        .kahan_values = kahan_values,
        .pairwise_values = pairwise_values,

        .logarithm = for_each<logarithm>,
        .log1p = for_each<log1p>,
        .log1p_remainder = for_each<log1p_remainder>,
        .exponential = for_each<exponential>,
        .power = powers,
        .log_cosh = for_each<log_cosh>,

        .absolute_differences = absolute_differences,
        .widen_extremes = widen_extremes,
        .values_between = values_between,
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
