// Native vectors of doubles, behind the few operations the kernels need. Formulas are written with + - * on Vector.
// Everything is in an anonymous namespace: two targets must never share a function.
#pragma once

#include "kernels/kernels.hpp"

// The whole of them takes half a second to read.
#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__FAST_MATH__)
#error "The kernels are proofs about rounding: they must not be compiled with -ffast-math."
#endif

// 1 and 2: in double or in more, and rounded a second time when they are stored.
#if __FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2
#error "The kernels are proofs about rounding: no operation may be rounded twice (-fexcess-precision=fast)."
#endif

#define SQUARELY_INLINE inline __attribute__((always_inline))  // attributes have no other short form

namespace squarely {
namespace {

template <class T>
SQUARELY_INLINE T load(const void* source) {
    T value;
    __builtin_memcpy(&value, source, sizeof value);
    return value;
}

template <class T>
SQUARELY_INLINE void store(void* target, T value) {
    __builtin_memcpy(target, &value, sizeof value);
}

#if defined(SQUARELY_PLAIN_LANES)

constexpr int lanes = 1;
using Vector = double;
using Bits = std::uint64_t;
using NarrowBits = std::uint32_t;

SQUARELY_INLINE Vector widened(const float* source) { return static_cast<double>(load<float>(source)); }
SQUARELY_INLINE Vector widened_integers(const char* source, std::uint32_t flip) {
    std::uint32_t pattern;
    __builtin_memcpy(&pattern, source, sizeof pattern);
    return static_cast<double>(static_cast<std::int32_t>(pattern ^ flip));
}
SQUARELY_INLINE std::uint64_t lane(Bits value, int) { return value; }
SQUARELY_INLINE double lane(Vector value, int) { return value; }
SQUARELY_INLINE Bits mask(bool condition) { return -static_cast<std::uint64_t>(condition); }
SQUARELY_INLINE std::uint64_t lanes_set(Bits mask) { return mask & 1; }
SQUARELY_INLINE std::ptrdiff_t store_set(double* target, std::uint64_t set, Vector value) {
    *target = value;
    return static_cast<std::ptrdiff_t>(set);
}
SQUARELY_INLINE Bits mask_of_bytes(const unsigned char* bytes) { return mask(*bytes != 0); }
// Without a branch, which would be taken at random.
SQUARELY_INLINE Vector select(std::uint64_t word, Vector set, Vector clear) {
    const Bits is_set = -(word & 1);
    return __builtin_bit_cast(Vector,
                              (__builtin_bit_cast(Bits, set) & is_set) | (__builtin_bit_cast(Bits, clear) & ~is_set));
}
SQUARELY_INLINE NarrowBits smaller(NarrowBits a, NarrowBits b) { return a < b ? a : b; }
constexpr int narrow_lanes = 1;

#else

#if defined(__AVX512F__)
constexpr int lanes = 8;
#elif defined(__AVX__)
constexpr int lanes = 4;
#else
constexpr int lanes = 2;
#endif

typedef double Vector __attribute__((vector_size(lanes * 8)));
typedef std::uint64_t Bits __attribute__((vector_size(lanes * 8)));  // unsigned, because it wraps
typedef std::int64_t Mask __attribute__((vector_size(lanes * 8)));
typedef float NarrowVector __attribute__((vector_size(lanes * 4)));
typedef std::uint32_t NarrowBits __attribute__((vector_size(lanes * 8)));
constexpr int narrow_lanes = 2 * lanes;

// Intrinsics, because GCC 12 splits __builtin_convertvector into halves and joins them again.
SQUARELY_INLINE Vector widened(const float* source) {
#if defined(__AVX512F__)
    return _mm512_cvtps_pd(_mm256_loadu_ps(source));
#elif defined(__AVX__)
    return _mm256_cvtps_pd(_mm_loadu_ps(source));
#elif defined(__SSE2__)
    return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(source))));
#else
    NarrowVector narrow;
    __builtin_memcpy(&narrow, source, sizeof narrow);
    return __builtin_convertvector(narrow, Vector);
#endif
}

// The bits of flip change sides before the integers are read as signed ones.
SQUARELY_INLINE Vector widened_integers(const char* source, std::uint32_t flip) {
    typedef std::uint32_t Patterns __attribute__((vector_size(lanes * 4)));
    typedef std::int32_t Integers __attribute__((vector_size(lanes * 4)));
    Patterns pattern;
    __builtin_memcpy(&pattern, source, sizeof pattern);
    const auto integers = __builtin_bit_cast(Integers, pattern ^ flip);
#if defined(__AVX512F__)
    return _mm512_cvtepi32_pd(__builtin_bit_cast(__m256i, integers));
#elif defined(__AVX__)
    return _mm256_cvtepi32_pd(__builtin_bit_cast(__m128i, integers));
#else
    return __builtin_convertvector(integers, Vector);
#endif
}

SQUARELY_INLINE std::uint64_t lane(Bits value, int i) { return value[i]; }
SQUARELY_INLINE double lane(Vector value, int i) { return value[i]; }
SQUARELY_INLINE Bits mask(Mask condition) { return __builtin_bit_cast(Bits, condition); }

// A byte a lane, set where it is not zero.
SQUARELY_INLINE Bits mask_of_bytes(const unsigned char* bytes) {
#if defined(__AVX512F__)
    const __m512i wide = _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes)));
    return mask(__builtin_bit_cast(Bits, wide) != Bits{});
#elif defined(__AVX2__)
    const __m256i wide = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(load<std::int32_t>(bytes)));
    return mask(__builtin_bit_cast(Bits, wide) != Bits{});
#else
    Bits wide{};
    for (int i = 0; i < lanes; ++i) wide[i] = bytes[i];
    return mask(wide != Bits{});
#endif
}

#if !defined(__AVX512F__)
// Masks by the bits of their lanes: a load is shorter than a comparison, and its address is made where nothing else is.
struct MaskTable {
    alignas(64) std::uint64_t masks[1 << lanes][lanes]{};

    constexpr MaskTable() {
        for (int bits = 0; bits < 1 << lanes; ++bits) {
            for (int lane = 0; lane < lanes; ++lane) masks[bits][lane] = bits >> lane & 1 ? ~std::uint64_t{0} : 0;
        }
    }
};

constexpr MaskTable mask_table;
#endif

// By a bit a lane, from the lowest on.
SQUARELY_INLINE Vector select(std::uint64_t word, Vector set, Vector clear) {
#if defined(__AVX512F__)
    return _mm512_mask_mov_pd(clear, static_cast<__mmask8>(word), set);
#else
    const Bits is_set = load<Bits>(mask_table.masks[word % (1 << lanes)]);
    return __builtin_bit_cast(Vector,
                              (__builtin_bit_cast(Bits, set) & is_set) | (__builtin_bit_cast(Bits, clear) & ~is_set));
#endif
}

// One bit a lane.
SQUARELY_INLINE std::uint64_t lanes_set(Bits mask) {
#if defined(__AVX512F__)
    const __mmask8 set = _mm512_cmplt_epi64_mask(__builtin_bit_cast(__m512i, mask), _mm512_setzero_si512());
    // GCC 12 may keep it in memory as one byte and read eight back where the conversion is left to it.
    std::uint64_t word;
    __asm__("kmovb %1, %k0" : "=r"(word) : "k"(set));
    return word;
#elif defined(__AVX__)
    return static_cast<std::uint64_t>(_mm256_movemask_pd(__builtin_bit_cast(__m256d, mask)));
#elif defined(__SSE2__)
    return static_cast<std::uint64_t>(_mm_movemask_pd(__builtin_bit_cast(__m128d, mask)));
#else
    std::uint64_t set = 0;
    for (int i = 0; i < lanes; ++i) set |= (mask[i] & 1) << i;
    return set;
#endif
}

// The lanes of these bits, one after the other; what is behind them in a vector may be overwritten. Returns how many.
SQUARELY_INLINE std::ptrdiff_t store_set(double* target, std::uint64_t set, Vector values) {
#if defined(__AVX512F__)
    store(target, _mm512_maskz_compress_pd(static_cast<__mmask8>(set), values));
    return __builtin_popcountll(set);
#else
    if (set == 0) return 0;
    double all[lanes];
    store(all, values);
    std::ptrdiff_t found = 0;
    for (; set != 0; set &= set - 1) target[found++] = all[__builtin_ctzll(set)];
    return found;
#endif
}

SQUARELY_INLINE NarrowBits smaller(NarrowBits a, NarrowBits b) {
#if defined(__SSE2__) && !defined(__SSE4_1__)
    // Plain SSE2 compares signed integers only: flip the top bits first.
    typedef std::int32_t Signed __attribute__((vector_size(lanes * 8)));
    const NarrowBits top = NarrowBits{} + 0x80000000u;
    const auto below =
        __builtin_bit_cast(NarrowBits, __builtin_bit_cast(Signed, a ^ top) < __builtin_bit_cast(Signed, b ^ top));
    return (a & below) | (b & ~below);
#else
    return a < b ? a : b;
#endif
}

#endif

// Of arrays of the caller's, where a load may take two lines: GCC 12 would load again what two instructions read.
SQUARELY_INLINE Vector load_once(const double* source) {
    Vector value = load<Vector>(source);
#if defined(__AVX512F__) && !defined(SQUARELY_PLAIN_LANES)
    __asm__("" : "+v"(value));
#endif
    return value;
}

// Written as a difference: GCC 12 turns a lane-by-lane fill into masked inserts, and x - 0 keeps every x, -0 too.
SQUARELY_INLINE Vector broadcast(double value) { return value - Vector{}; }

SQUARELY_INLINE Bits bits(Vector value) { return __builtin_bit_cast(Bits, value); }
SQUARELY_INLINE Vector from_bits(Bits value) { return __builtin_bit_cast(Vector, value); }

// Products of slices are exact, so fused and unfused give the same bits. An intrinsic, because GCC 12 quietly
// makes __builtin_fma in a lane loop scalar in the larger kernels.
SQUARELY_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
#if defined(SQUARELY_PLAIN_LANES)
    return a * b + c;
#elif defined(__AVX512F__)
    return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
    return _mm256_fmadd_pd(a, b, c);
#else
    return a * b + c;
#endif
}

// Whether it rounds once, which what a product loses can be told by.
#if defined(__FMA__) && !defined(SQUARELY_PLAIN_LANES)
constexpr bool multiply_add_is_fused = true;
#else
constexpr bool multiply_add_is_fused = false;
#endif

// a + b where multiplications are done: processors that have adders beside their multipliers do half of a long chain of
// additions here.
SQUARELY_INLINE Vector added_by_multiplier(Vector a, Vector b) {
#if defined(__FMA__) && !defined(SQUARELY_PLAIN_LANES)
    return multiply_add(a, broadcast(1.0), b);
#else
    return a + b;
#endif
}

// What a product of two numbers lost by rounding: exact on either way, so all targets agree, as long as neither the
// product nor this error leaves the range of normal doubles.
SQUARELY_INLINE Vector product_error(Vector a, Vector b, Vector product) {
#if defined(__FMA__) && !defined(SQUARELY_PLAIN_LANES)
    return multiply_add(a, b, -product);
#else
    // Halves of 26 bits (Dekker 1971, by Veltkamp's splitting), whose products are exact.
    const Vector a_large = a * 0x1.0000002p27;
    const Vector b_large = b * 0x1.0000002p27;
    const Vector a_high = a_large - (a_large - a);
    const Vector b_high = b_large - (b_large - b);
    const Vector a_low = a - a_high;
    const Vector b_low = b - b_high;
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}

SQUARELY_INLINE Vector absolute(Vector value) { return from_bits(bits(value) & (Bits{} + INT64_MAX)); }
// b where one is NaN. Intrinsics, because GCC 12 compares and blends.
SQUARELY_INLINE Vector larger(Vector a, Vector b) {
#if defined(SQUARELY_PLAIN_LANES)
    return a > b ? a : b;
#elif defined(__AVX512F__)
    return _mm512_max_pd(a, b);
#elif defined(__AVX__)
    return _mm256_max_pd(a, b);
#elif defined(__SSE2__)
    return _mm_max_pd(a, b);
#else
    return a > b ? a : b;
#endif
}

SQUARELY_INLINE Vector smaller(Vector a, Vector b) {
#if defined(SQUARELY_PLAIN_LANES)
    return a < b ? a : b;
#elif defined(__AVX512F__)
    return _mm512_min_pd(a, b);
#elif defined(__AVX__)
    return _mm256_min_pd(a, b);
#elif defined(__SSE2__)
    return _mm_min_pd(a, b);
#else
    return a < b ? a : b;
#endif
}

// The same of any number and one above zero: they have the order of their bits, and integers are compared beside the
// adders. Either of them where the number is NaN.
SQUARELY_INLINE Vector at_least(Vector value, double positive) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512F__)
    const auto limit = __builtin_bit_cast(__m512i, broadcast(positive));
    return __builtin_bit_cast(Vector, _mm512_max_epi64(__builtin_bit_cast(__m512i, value), limit));
#else
    return larger(value, broadcast(positive));
#endif
}

SQUARELY_INLINE Vector at_most(Vector value, double positive) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512F__)
    const auto limit = __builtin_bit_cast(__m512i, broadcast(positive));
    return __builtin_bit_cast(Vector, _mm512_min_epi64(__builtin_bit_cast(__m512i, value), limit));
#else
    return smaller(value, broadcast(positive));
#endif
}

// The largest and the smallest size of two numbers, without their signs.
SQUARELY_INLINE Vector larger_size(Vector a, Vector b) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512DQ__)
    return _mm512_range_pd(a, b, 0b1011);  // maximum of magnitudes, sign cleared
#else
    return larger(absolute(a), b);
#endif
}

SQUARELY_INLINE Vector smaller_size(Vector a, Vector b) {
#if defined(SQUARELY_PLAIN_LANES)
    return absolute(a) < b ? absolute(a) : b;
#elif defined(__AVX512DQ__)
    return _mm512_range_pd(a, b, 0b1010);  // minimum of magnitudes, sign cleared
#elif defined(__AVX__)
    return _mm256_min_pd(absolute(a), b);
#elif defined(__SSE2__)
    return _mm_min_pd(absolute(a), b);
#else
    return absolute(a) < b ? absolute(a) : b;
#endif
}

// The number of larger size, with its sign, and the other one: a NaN is one of the two.
struct BySize {
    Vector large;
    Vector small;
};

#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512DQ__)
constexpr bool has_order_by_size = true;
SQUARELY_INLINE BySize by_size(Vector a, Vector b) {
    const Vector large = _mm512_range_pd(a, b, 0b0111);
    return {large, __builtin_bit_cast(
                       Vector, _mm512_ternarylogic_epi64(__builtin_bit_cast(__m512i, a), __builtin_bit_cast(__m512i, b),
                                                         __builtin_bit_cast(__m512i, large), 0x96))};
}
#else
constexpr bool has_order_by_size = false;  // in one instruction
SQUARELY_INLINE BySize by_size(Vector a, Vector b) { return {a, b}; }
#endif

// The same, of a only where what is tested is not zero.
SQUARELY_INLINE Vector smaller_where_not_zero(Vector tested, Vector a, Vector b) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512DQ__)
    return _mm512_mask_range_pd(b, _mm512_cmp_pd_mask(tested, _mm512_setzero_pd(), _CMP_NEQ_UQ), a, b, 0b1010);
#else
    return smaller_size(from_bits(bits(a) | mask(tested == Vector{})), b);  // NaN, which is passed over
#endif
}

SQUARELY_INLINE Vector smaller_unless_zero(Vector a, Vector b) { return smaller_where_not_zero(a, a, b); }

// A set of lanes, in a mask register where there are some: what is added there only costs no more than elsewhere.
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512F__)
struct LaneSet {
    __mmask8 set;
};

SQUARELY_INLINE LaneSet where_below(Vector a, Vector b) { return {_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ)}; }
SQUARELY_INLINE LaneSet where_equal(Vector a, Vector b) { return {_mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ)}; }
SQUARELY_INLINE LaneSet operator&(LaneSet a, LaneSet b) { return {static_cast<__mmask8>(a.set & b.set)}; }
SQUARELY_INLINE LaneSet operator~(LaneSet a) { return {static_cast<__mmask8>(~a.set)}; }

SQUARELY_INLINE std::uint64_t word_of(LaneSet lanes_in) {
    std::uint64_t word;  // as in lanes_set
    __asm__("kmovb %1, %k0" : "=r"(word) : "k"(lanes_in.set));
    return word;
}

SQUARELY_INLINE LaneSet where_unequal(Vector a, Vector b) { return {_mm512_cmp_pd_mask(a, b, _CMP_NEQ_UQ)}; }
SQUARELY_INLINE void store_word(unsigned char* target, LaneSet lanes_in) {
    __asm__("kmovb %1, %0" : "=m"(*target) : "k"(lanes_in.set));
}

// Zero elsewhere.
SQUARELY_INLINE Vector only(LaneSet lanes_in, Vector value) { return _mm512_maskz_mov_pd(lanes_in.set, value); }

// The sum as it is elsewhere.
SQUARELY_INLINE Bits add_where(LaneSet lanes_in, Bits sum, Bits value) {
    const auto total = __builtin_bit_cast(__m512i, sum);
    const auto more = __builtin_bit_cast(__m512i, value);
    return __builtin_bit_cast(Bits, _mm512_mask_add_epi64(total, lanes_in.set, total, more));
}

// One more in each of these lanes.
SQUARELY_INLINE Bits counted(LaneSet lanes_in, Bits count) { return add_where(lanes_in, count, Bits{} + 1); }

SQUARELY_INLINE Vector multiply_add_where(LaneSet lanes_in, Vector a, Vector b, Vector sum) {
    return _mm512_mask3_fmadd_pd(a, b, sum, lanes_in.set);
}
#else
struct LaneSet {
    Bits set;
};

SQUARELY_INLINE LaneSet where_below(Vector a, Vector b) { return {mask(a < b)}; }
SQUARELY_INLINE LaneSet where_equal(Vector a, Vector b) { return {mask(a == b)}; }
SQUARELY_INLINE LaneSet operator&(LaneSet a, LaneSet b) { return {a.set & b.set}; }
SQUARELY_INLINE LaneSet operator~(LaneSet a) { return {~a.set}; }
SQUARELY_INLINE std::uint64_t word_of(LaneSet lanes_in) { return lanes_set(lanes_in.set); }
SQUARELY_INLINE LaneSet where_unequal(Vector a, Vector b) { return {mask(a != b)}; }
SQUARELY_INLINE void store_word(unsigned char* target, LaneSet lanes_in) {
    *target = static_cast<unsigned char>(lanes_set(lanes_in.set));
}
SQUARELY_INLINE Vector only(LaneSet lanes_in, Vector value) { return from_bits(bits(value) & lanes_in.set); }
SQUARELY_INLINE Bits add_where(LaneSet lanes_in, Bits sum, Bits value) { return sum + (value & lanes_in.set); }
SQUARELY_INLINE Bits counted(LaneSet lanes_in, Bits count) { return count - lanes_in.set; }
SQUARELY_INLINE Vector multiply_add_where(LaneSet lanes_in, Vector a, Vector b, Vector sum) {
    return multiply_add(only(lanes_in, a), only(lanes_in, b), sum);  // infinity times zero is NaN
}
#endif

SQUARELY_INLINE Vector chosen(Bits mask, Vector yes, Vector no) {
    return from_bits((bits(yes) & mask) | (bits(no) & ~mask));
}

// Whether any bit is set in any lane.
SQUARELY_INLINE bool any(Bits value) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512F__)
    return _mm512_test_epi64_mask(__builtin_bit_cast(__m512i, value), __builtin_bit_cast(__m512i, value)) != 0;
#elif !defined(SQUARELY_PLAIN_LANES) && defined(__AVX__)
    return _mm256_testz_si256(__builtin_bit_cast(__m256i, value), __builtin_bit_cast(__m256i, value)) == 0;
#else
    std::uint64_t all = 0;
    for (int i = 0; i < lanes; ++i) all |= lane(value, i);
    return all != 0;
#endif
}

// Whether any of these is below the limit.
SQUARELY_INLINE bool any_below(NarrowBits value, std::uint32_t limit) {
#if defined(SQUARELY_PLAIN_LANES)
    return value < limit;
#else
    const NarrowBits limits = NarrowBits{} + limit;
    return any(__builtin_bit_cast(Bits, smaller(value, limits) ^ limits));
#endif
}

// Prefetches the next line of each stream. The addresses run along: one computed from an index costs a multiplication
// a vector, because the step is not known before run time. They are integers, because they leave the array.
SQUARELY_INLINE void prefetch_next(Ahead& ahead) {
    // GCC 12 would gather the prefetches of a whole group at its start, which costs a fifth on arrays in DRAM.
    __asm__ volatile("" : : : "memory");
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_true), 0, 3);
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_pred), 0, 3);
    ahead.y_true += ahead.y_true_step;
    ahead.y_pred += ahead.y_pred_step;
}

// Loops over vectors are unrolled by pack expansion: a plain `for` runs at half the speed on AVX2 with GCC 12.
template <int... I>
struct Steps {};

template <int Count, int... I>
struct MakeSteps : MakeSteps<Count - 1, Count - 1, I...> {};

template <int... I>
struct MakeSteps<0, I...> {
    using type = Steps<I...>;
};

template <int Count>
using StepsUpTo = typename MakeSteps<Count>::type;

}  // namespace
}  // namespace squarely
