#include "groups/numbered_keys.hpp"

#include "groups/key_table.hpp"

namespace squarely {

NumberedKeys numbered(std::span<const std::uint64_t> keys) {
    NumberedKeys numbered{{}, std::vector<std::uint32_t>(keys.size())};
    WordKeys table;
    table.codes(keys.data(), static_cast<std::ptrdiff_t>(keys.size()), NewKeys::entered, numbered.numbers.data());
    numbered.keys.assign(table.words().begin(), table.words().end());
    return numbered;
}

}  // namespace squarely
