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
#include "kernels/scaled.hpp"
#include "kernels/sizes.hpp"
#include "kernels/store.hpp"
#include "kernels/sums/certified.hpp"
#include "kernels/sums/certified_columns.hpp"
#include "kernels/sums/exact.hpp"
#include "kernels/sums/exact_columns.hpp"
#include "kernels/sums/exact_integers.hpp"
#include "kernels/sums/exact_moments.hpp"
#include "kernels/sums/exact_values.hpp"
#include "kernels/sums/fitting_moments.hpp"
#include "kernels/sums/grouped_rows.hpp"
#include "kernels/sums/kahan.hpp"
#include "kernels/sums/pairwise.hpp"
#include "kernels/survey.hpp"
#include "kernels/term_kernels.hpp"
#include "kernels/terms.hpp"
#include "kernels/validity.hpp"
#include "kernels/weights.hpp"

namespace squarely {

#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, kind, ...) \
    static_assert((kind == 'f') == (store_kernel<type> != nullptr), \
                  "Losses are written in every float, and no other type.");
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE

extern const Kernels SQUARELY_KERNELS;

const Kernels SQUARELY_KERNELS = {
    .lanes = lanes,

    .load =
        {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, ...) {load_column<type, false>, load_column<type, true>},
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        },
    .tiles =
        {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, ...) tile_kernels<type>,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        },
    .load_tile = load_tile,

    .largest_difference = largest_difference,
    .copy_present = copy_present,
    .copy_where = copy_where,
    .count_where = count_where,
    .words_of_zero_bytes = words_of_zero_bytes,
    .count_bits = count_bits,
    .copy_raised = copy_raised,
    .copy_lowered = copy_lowered,
    .copy_small = {copy_small<std::uint8_t>, copy_small<std::uint16_t>},
    .copy_marked = copy_marked,

    .exact_squares = exact_squares,
    .exact_squares_on_grid = exact_squares_on_grid,
    .exact_squares_present = exact_squares_present,
    .exact_squares_where = exact_squares_where,
    .exact_squares_valid = exact_squares_valid,
    .narrow_squares =
        {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, ...) narrow_kernels<type>,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        },
    .small_squares =
        {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, ...) small_squares<type>,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        },
    .exact_squares_partial = exact_squares_partial,

    .exact_moments = {{{exact_moments<false, false, false>, exact_moments<false, false, true>},
                       {exact_moments<false, true, false>, exact_moments<false, true, true>}},
                      {{exact_moments<true, false, false>, exact_moments<true, false, true>},
                       {exact_moments<true, true, false>, exact_moments<true, true, true>}}},
    .fitting_moments = {{{fitting_moments<false, false, false>, fitting_moments<false, false, true>},
                         {fitting_moments<false, true, false>, fitting_moments<false, true, true>}},
                        {{fitting_moments<true, false, false>, fitting_moments<true, false, true>},
                         {fitting_moments<true, true, false>, fitting_moments<true, true, true>}}},

    .add_grouped_rows = {add_grouped_rows<1>, add_grouped_rows<2>},

    .certified = {certified_kernel<0>, certified_kernel<1>, certified_kernel<2>, certified_kernel<3>,
                  certified_kernel<4>, certified_kernel<5>, certified_kernel<6>, certified_kernel<7>,
                  certified_kernel<8>, certified_kernel<9>, certified_kernel<10>, certified_kernel<11>,
                  certified_kernel<12>, certified_kernel<13>},
    .certified_present = {certified_present_kernel<0>, certified_present_kernel<1>, certified_present_kernel<2>,
                          certified_present_kernel<3>, certified_present_kernel<4>, certified_present_kernel<5>,
                          certified_present_kernel<6>, certified_present_kernel<7>, certified_present_kernel<8>,
                          certified_present_kernel<9>, certified_present_kernel<10>, certified_present_kernel<11>,
                          certified_present_kernel<12>, certified_present_kernel<13>},
    .certified_columns = {certified_columns_kernel<0>, certified_columns_kernel<1>, certified_columns_kernel<2>,
                          certified_columns_kernel<3>, certified_columns_kernel<4>, certified_columns_kernel<5>,
                          certified_columns_kernel<6>, certified_columns_kernel<7>, certified_columns_kernel<8>,
                          certified_columns_kernel<9>, certified_columns_kernel<10>, certified_columns_kernel<11>,
                          certified_columns_kernel<12>, certified_columns_kernel<13>},

    .terms =
        {
#define SQUARELY_TERM(name, number, kernel, ...) term_kernel<kernel, Term::name>(),
#include "tables/terms.def"
#undef SQUARELY_TERM
        },
    .weigh = weigh,
    .exact_values = exact_values,
    .find_misfit_values = find_misfit_values,

    .all_finite = all_finite,
    .has_zero = has_zero,
    .largest_value = largest_value,
    .keep_finite = keep_finite,
    .keep_rows = keep_rows,
    .find_extremes = find_extremes,
    .find_sizes = find_sizes,
    .find_cells = find_cells,

    .kahan_values = kahan_values,
    .kahan_products = weighed_words<KahanLane>,
    .pairwise_values = pairwise_values,
    .pairwise_products = weighed_words<PairwiseLane>,

    .logarithm = for_each<logarithm>,
    .log1p = for_each<log1p>,
    .log1p_remainder = for_each<log1p_remainder>,
    .exponential = for_each<exponential>,
    .power = powers,
    .log_cosh = for_each<log_cosh>,

    .absolute_differences = absolute_differences,
    .absolute_differences_between = absolute_differences_between,
    .widen_extremes = widen_extremes,
    .values_between = values_between,
    .losses =
        {
#define SQUARELY_LOSS(name, loss) {fill<ValueOf<loss>>, fill<DerivativeOf<loss>>},
#include "tables/losses.def"
#undef SQUARELY_LOSS
        },
    .losses_float32 =
        {
#define SQUARELY_LOSS(name, loss) {fill_float32<ValueOf<loss>>, fill_float32<DerivativeOf<loss>>},
#include "tables/losses.def"
#undef SQUARELY_LOSS
        },
    .scale = scale,
    .store =
        {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, ...) store_kernel<type>,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        },
};

}  // namespace squarely
