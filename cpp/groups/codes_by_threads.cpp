#include "groups/codes_by_threads.hpp"

#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/threads.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace squarely {
namespace {

constexpr std::ptrdiff_t blocks_in_job = 32;
constexpr std::ptrdiff_t rows_in_job = blocks_in_job * block_length;

template <class Visit>
void for_each_block(Stretch stretch, Visit visit) {
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        visit(Rows{first, std::min<std::ptrdiff_t>(block_length, stretch.last - first)});
    }
}

Stretch job_of(Stretch stretch, std::ptrdiff_t job) {
    const std::ptrdiff_t first = stretch.first + job * rows_in_job;
    return {first, std::min(stretch.last, first + rows_in_job)};
}

std::ptrdiff_t jobs_of(Stretch stretch) { return (stretch.last - stretch.first + rows_in_job - 1) / rows_in_job; }

bool enter_all(const Coder& coder, Stretch stretch, std::uint32_t* codes) {
    bool fits = true;
    for (std::ptrdiff_t job = 0; job < jobs_of(stretch) && fits; ++job) {
        look_at_call();
        for_each_block(job_of(stretch, job),
                       [&](Rows rows) { fits = fits && coder.enter(rows, {}, codes + rows.first); });
    }
    return fits;
}

// Tells of every job how many rows have no code.
std::vector<std::ptrdiff_t> find_all(const Coder& coder, Stretch stretch, std::uint32_t* codes) {
    std::vector<std::ptrdiff_t> new_rows(static_cast<std::size_t>(jobs_of(stretch)));
    parallel_for(jobs_of(stretch), [&](std::ptrdiff_t job) {
        const FloatingPointEnvironment environment;
        std::ptrdiff_t count = 0;
        for_each_block(job_of(stretch, job), [&](Rows rows) {
            std::uint32_t* const own = codes + rows.first;
            coder.find(rows, own);
            count += std::count(own, own + rows.count, no_code);
        });
        new_rows[static_cast<std::size_t>(job)] = count;
    });
    return new_rows;
}

bool enter_new_of_block(const Coder& coder, Rows rows, std::uint32_t* codes) {
    std::uint16_t some[block_length];
    std::uint32_t entered[block_length];
    std::size_t count = 0;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        some[count] = static_cast<std::uint16_t>(i);
        count += codes[i] == no_code;
    }
    if (count == 0) return true;
    if (!coder.enter(rows, {some, count}, entered)) return false;
    for (std::size_t i = 0; i < count; ++i) codes[some[i]] = entered[i];
    return true;
}

bool enter_new(const Coder& coder, Stretch stretch, const std::vector<std::ptrdiff_t>& new_rows, std::uint32_t* codes) {
    bool fits = true;
    for (std::size_t job = 0; job < new_rows.size() && fits; ++job) {
        if (new_rows[job] == 0) continue;
        look_at_call();
        for_each_block(job_of(stretch, static_cast<std::ptrdiff_t>(job)),
                       [&](Rows rows) { fits = fits && enter_new_of_block(coder, rows, codes + rows.first); });
    }
    return fits;
}

// Ever fewer rows have a key that has not come before, so that four times as many are tried each time. Where most have
// one, as in data in the order of their keys, four times as many are entered without looking for them first.
bool enter_by_threads(const Coder& coder, std::ptrdiff_t rows, std::uint32_t* codes) {
    std::ptrdiff_t to_try = smallest_stretch, to_enter = smallest_stretch;
    bool are_new = true;
    for (Stretch stretch{0, 0}; stretch.last < rows;) {
        stretch = {stretch.last, std::min(rows, stretch.last + (are_new ? to_enter : to_try))};
        if (are_new) {
            if (!enter_all(coder, stretch, codes)) return false;
            to_enter *= 4;
            are_new = false;
            continue;
        }
        const std::vector<std::ptrdiff_t> new_rows = find_all(coder, stretch, codes);
        if (!enter_new(coder, stretch, new_rows, codes)) return false;
        are_new = 2 * std::reduce(new_rows.begin(), new_rows.end()) > stretch.last - stretch.first;
        to_try = are_new ? smallest_stretch : 4 * to_try;
    }
    return true;
}

}  // namespace

bool codes_by_threads(const Coder& coder, std::ptrdiff_t rows, NewKeys fresh, std::uint32_t* codes) {
    const FloatingPointEnvironment environment;
    if (fresh == NewKeys::found_only) {
        find_all(coder, {0, rows}, codes);
        return true;
    }
    const bool by_one = rows <= smallest_stretch || num_threads() == 1;
    return by_one ? enter_all(coder, {0, rows}, codes) : enter_by_threads(coder, rows, codes);
}

}  // namespace squarely
