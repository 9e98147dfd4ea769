#include "machine/targets.hpp"

#include <atomic>
#include <cstdlib>
#include <span>
#include <stdexcept>

namespace squarely {
namespace {

std::span<const Target> all_targets() {
    return {SQUARELY_TARGETS_SYMBOL.targets, static_cast<std::size_t>(SQUARELY_TARGETS_SYMBOL.count)};
}

const Target& target_named(const std::string& name) {
    std::string known;
    for (std::size_t i = all_targets().size(); i-- > 0;) {
        const Target& target = all_targets()[i];
        if (!target.runs_here()) continue;
        if (name.empty() || name == target.name) return target;
        known += (known.empty() ? "'" : ", '") + std::string(target.name) + "'";
    }
    throw std::invalid_argument("Unknown target '" + name + "'. The targets of this machine are " + known + ".");
}

const Target& target_at_start() {
    const char* asked = std::getenv("SQUARELY_TARGET");
    return target_named(asked == nullptr ? "" : asked);
}

std::atomic<const Target*>& chosen_target() {
    static std::atomic<const Target*> chosen{&target_at_start()};
    return chosen;
}

}  // namespace

std::vector<std::string> targets_here() {
    std::vector<std::string> names;
    for (const Target& target : all_targets()) {
        if (target.runs_here()) names.emplace_back(target.name);
    }
    return names;
}

const Target& current_target() { return *chosen_target().load(std::memory_order_acquire); }

void set_target(const std::string& name) { chosen_target().store(&target_named(name), std::memory_order_release); }

}  // namespace squarely
