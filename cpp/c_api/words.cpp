// The words C has for reasons, and its code for each.
#include "c_api/library.hpp"

#include "accumulator/loaded_rows.hpp"
#include "tables/terms.hpp"

namespace squarely {
namespace {

std::string of_bytes(const std::string& what) { return "These bytes are no squarely accumulator: " + what + "."; }

std::string number_of(const Refusal& refusal) { return std::to_string(refusal.number); }
std::string output_of(const Refusal& refusal) { return "output " + std::to_string(refusal.output); }

std::string missing(std::uint64_t count, const char* side) {
    return std::to_string(count) + (count == 1 ? " value of " : " values of ") + side +
           (count == 1 ? " is NaN or missing" : " are NaN or missing");
}

std::string missing_values(const Refusal& refusal) {
    std::string said =
        refusal.missing_true ? missing(refusal.missing_true, "y_true") : missing(refusal.missing_pred, "y_pred");
    if (refusal.missing_true && refusal.missing_pred)
        said += ", and " + std::to_string(refusal.missing_pred) + " of y_pred where y_true is a number";
    return "The data contain NaN: " + said + ". The NaN policy refuses them.";
}

std::string extreme_not_a_sum(const Refusal& refusal) {
    return "A state of " + std::string(facts_of(static_cast<Term>(refusal.number)).name) +
           " cannot be subtracted: what was the largest or least without a part is not known. Keep a state of the "
           "other metrics apart.";
}

}  // namespace

void refuse_row(const Refused& refused, std::span<const Pairs> outputs, std::int64_t rows, NanPolicy policy) {
    const Reason reason = refused.refusal.reason;
    if (reason != Reason::missing_values && reason != Reason::infinite_values) throw refused;
    const Failure failure = failure_of(refused.refusal);
    for (std::size_t output = 0; output < outputs.size(); ++output) {
        const auto row = first_refused(outputs[output], rows, policy);
        if (!row) continue;
        const std::string where = outputs.size() == 1 ? "" : " of output " + std::to_string(output);
        throw Failure(failure.status, failure.what() + (" The first is in row " + std::to_string(*row)) + where + ".");
    }
    throw failure;
}

Failure failure_of(const Refusal& refusal) {
    switch (refusal.reason) {
        case Reason::missing_values: return {SQUARELY_NOT_FINITE, missing_values(refusal)};
        case Reason::infinite_values:
            return {SQUARELY_NOT_FINITE, "The data contain infinities in " + number_of(refusal) +
                                             " pairs. Only SQUARELY_NAN_PROPAGATE lets them through."};
        case Reason::weight_is_nan: return {SQUARELY_NOT_FINITE, "The weights contain NaN."};
        case Reason::weight_is_infinite: return {SQUARELY_NOT_FINITE, "The weights contain infinity."};
        case Reason::weights_not_taken:
            return {SQUARELY_INVALID_ARGUMENT, "quantile_absolute_error counts pairs, and takes no weights."};
        case Reason::too_many_rows:
            return {SQUARELY_MISMATCH, "The " + output_of(refusal) + " would have seen more than 2^63 - 1 rows."};
        case Reason::metrics_differ: return {SQUARELY_MISMATCH, "The states differ in their metrics."};
        case Reason::averaging_differs: return {SQUARELY_MISMATCH, "The states differ in how outputs are averaged."};
        case Reason::nan_policies_differ: return {SQUARELY_MISMATCH, "The states differ in the NaN policy."};
        case Reason::summations_differ: return {SQUARELY_MISMATCH, "The states differ in the summation."};
        case Reason::complex_values_differ:
            return {SQUARELY_MISMATCH, "The states differ in whether they accept complex values."};
        case Reason::sums_differ: return {SQUARELY_MISMATCH, "The states differ in their sums."};
        case Reason::outputs_differ: return {SQUARELY_MISMATCH, "The states differ in their outputs."};
        case Reason::output_weights_differ:
            return {SQUARELY_MISMATCH, "The state averages another number of outputs than " + number_of(refusal) + "."};
        case Reason::weighting_differs:
            return {SQUARELY_MISMATCH, "One of the states has weights and the other has none."};
        case Reason::not_a_part:
            return {SQUARELY_MISMATCH, "The other state is no part of this one (" + output_of(refusal) +
                                           " would be left with a negative count or sum, or with a sum of no "
                                           "pairs). Subtract only what was "
                                           "merged or updated before."};
        case Reason::nothing_to_take_from:
            return {SQUARELY_MISMATCH, "The other state is no part of this one, which has seen nothing."};
        case Reason::extreme_not_a_sum: return {SQUARELY_MISMATCH, extreme_not_a_sum(refusal)};
        case Reason::no_pairs: return {SQUARELY_UNDEFINED, "there is no pair of two numbers"};
        case Reason::outside_domain: return {SQUARELY_UNDEFINED, "some numbers are outside its domain"};
        case Reason::too_few_pairs: return {SQUARELY_UNDEFINED, "it needs two pairs"};
        case Reason::weights_sum_to_zero: return {SQUARELY_UNDEFINED, "the weights sum to zero"};
        case Reason::zero_by_zero: return {SQUARELY_UNDEFINED, "it is zero divided by zero"};
        case Reason::no_such_sums:
            return {SQUARELY_INVALID_ARGUMENT, "Name it in the options of squarely_state_create."};
        case Reason::bytes_of_something_else: return {SQUARELY_DAMAGED, of_bytes("they do not start with 'sqac'")};
        case Reason::bytes_too_few:
            return {SQUARELY_DAMAGED, of_bytes("there are only " + number_of(refusal) + " of them")};
        case Reason::bytes_of_version:
            return {SQUARELY_DAMAGED,
                    of_bytes("they have version " + number_of(refusal) + ", and this squarely reads versions 2 and 3")};
        case Reason::bytes_changed:
            return {SQUARELY_DAMAGED, of_bytes("the checksum does not match; they were cut or changed")};
        case Reason::bytes_cut: return {SQUARELY_DAMAGED, of_bytes("they end too early")};
        case Reason::bytes_configuration:
            return {SQUARELY_DAMAGED, of_bytes("their configuration is damaged, or unknown to this squarely")};
        case Reason::bytes_of_other_sums:
            return {SQUARELY_DAMAGED, of_bytes("their state has other sums than their configuration needs")};
        case Reason::bytes_outputs: return {SQUARELY_DAMAGED, of_bytes("the number of outputs does not fit them")};
        case Reason::bytes_output: return {SQUARELY_DAMAGED, of_bytes(output_of(refusal) + " is damaged")};
        case Reason::bytes_go_on: return {SQUARELY_DAMAGED, of_bytes("they go on after the last output")};
        case Reason::none: break;
    }
    return {SQUARELY_UNEXPECTED, "Something was refused without a reason."};
}

}  // namespace squarely
