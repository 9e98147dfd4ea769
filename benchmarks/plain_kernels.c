/* What a sum of squared errors costs when nobody asks whether it is right: the yardstick of compare.py.
 *
 * compare.py compiles this file once per instruction set and element type, with
 *   -DELEMENT=double|float -DVECTOR_BYTES=64|32|16 -O3 -ffp-contract=fast (the sum of products becomes an FMA).
 * Vectors are the compiler's own (GCC and Clang), so that one text serves every instruction set.
 */
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES 64
#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef ELEMENT vector __attribute__((vector_size(VECTOR_BYTES)));
typedef ELEMENT loaded_vector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(ELEMENT)), may_alias));

enum {
    lanes = VECTOR_BYTES / sizeof(ELEMENT),
    unrolled = 8, /* 2 FMA ports * 4 cycles of latency = 8 sums in flight */
    step = lanes * unrolled,
    line = CACHE_LINE_BYTES / sizeof(ELEMENT),
    worth_aligning = 1024, /* elements; below, the scalar head costs more than split cache lines */
};

typedef vector term(vector sum, vector truth, vector prediction);

ALWAYS_INLINE vector squared_error_term(vector sum, vector truth, vector prediction) {
    vector difference = truth - prediction;
    return sum + difference * difference;
}

ALWAYS_INLINE vector read_term(vector sum, vector truth, vector prediction) { return sum + (truth + prediction); }

ALWAYS_INLINE vector load(const ELEMENT* from) { return *(const loaded_vector*)from; }

/* The scalar head and tail go through the vector term as well: one formula, written once. */
ALWAYS_INLINE vector add_single(vector sum, ELEMENT truth, ELEMENT prediction, term* add) {
    return add(sum, (vector){truth}, (vector){prediction});
}

/* The loops over `unrolled` vanish, and with them the array: each sum has a register of its own. */
ALWAYS_INLINE double sum_stretch(const ELEMENT* truth, const ELEMENT* prediction, size_t count, size_t ahead,
                                 int prefetching, term* add) {
    vector sums[unrolled], edge = {0};
    size_t i = 0;
#pragma GCC unroll 8
    for (int k = 0; k < unrolled; ++k) sums[k] = (vector){0};
    if (count >= worth_aligning)
        for (; (uintptr_t)(truth + i) % CACHE_LINE_BYTES != 0; ++i)
            edge = add_single(edge, truth[i], prediction[i], add);
    for (; i + step <= count; i += step) {
#pragma GCC unroll 8
        for (int k = 0; k < unrolled; ++k) {
            const ELEMENT *truths = truth + i + k * lanes, *predictions = prediction + i + k * lanes;
            if (prefetching && k * lanes % line == 0) {
                __builtin_prefetch((const char*)truths + ahead, 0, 3);
                __builtin_prefetch((const char*)predictions + ahead, 0, 3);
            }
            sums[k] = add(sums[k], load(truths), load(predictions));
            /* Prefetches in a bunch, as the compiler would have them, cost a tenth of the speed. */
            if (prefetching) __asm__ volatile("" : : : "memory");
        }
    }
    for (; i + lanes <= count; i += lanes) edge = add(edge, load(truth + i), load(prediction + i));
    for (; i < count; ++i) edge = add_single(edge, truth[i], prediction[i], add);

#pragma GCC unroll 8
    for (int k = 0; k < unrolled; ++k) edge += sums[k];
    double total = 0;
#pragma GCC unroll 16
    for (int lane = 0; lane < lanes; ++lane) total += edge[lane];
    return total;
}

/* Not inlined: `repeats` calls must be `repeats` readings. */
__attribute__((noinline)) static double sum_squared_errors(const ELEMENT* truth, const ELEMENT* prediction,
                                                           size_t count, size_t ahead) {
    return ahead ? sum_stretch(truth, prediction, count, ahead, 1, squared_error_term)
                 : sum_stretch(truth, prediction, count, 0, 0, squared_error_term);
}

__attribute__((noinline)) static double sum_both(const ELEMENT* truth, const ELEMENT* prediction, size_t count,
                                                 size_t ahead) {
    return ahead ? sum_stretch(truth, prediction, count, ahead, 1, read_term)
                 : sum_stretch(truth, prediction, count, 0, 0, read_term);
}

typedef double stretch_sum(const ELEMENT*, const ELEMENT*, size_t, size_t);

ALWAYS_INLINE double repeat(const ELEMENT* truth, const ELEMENT* prediction, size_t count, size_t ahead, int threads,
                            size_t repeats, stretch_sum* sum) {
    double total = 0;
    for (size_t r = 0; r < repeats; ++r) {
        __asm__ volatile("" : "+r"(truth), "+r"(prediction) : : "memory");
        if (threads == 1) {
            total = sum(truth, prediction, count, ahead);
            continue;
        }
        total = 0;
        const size_t share = (count / threads + line) / line * line;
#pragma omp parallel for num_threads(threads) reduction(+ : total) schedule(static, 1)
        for (int thread = 0; thread < threads; ++thread) {
            const size_t begin = share * thread, end = begin + share;
            if (begin < count)
                total += sum(truth + begin, prediction + begin, (end < count ? end : count) - begin, ahead);
        }
    }
    return total;
}

/* ahead: how many bytes before their use the data are prefetched; 0 leaves it to the processor.
 * repeats: the loop is here, so that a call from Python costs nothing even for a hundred elements. */
double plain_squared_error(const ELEMENT* truth, const ELEMENT* prediction, size_t count, size_t ahead, int threads,
                           size_t repeats) {
    return repeat(truth, prediction, count, ahead, threads, repeats, sum_squared_errors);
}

double plain_read(const ELEMENT* truth, const ELEMENT* prediction, size_t count, size_t ahead, int threads,
                  size_t repeats) {
    return repeat(truth, prediction, count, ahead, threads, repeats, sum_both);
}
