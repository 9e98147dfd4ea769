/* Loops over calls, for embedding.py: what a call costs a program in C. */
#include <squarely/squarely.h>

#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* As somebody writes it who wants the number and no more. */
static double plain_mean_squared_error(const double* y_true, const double* y_pred, int64_t rows) {
    double sum = 0;
    for (int64_t i = 0; i < rows; ++i) {
        const double difference = y_true[i] - y_pred[i];
        sum += difference * difference;
    }
    return sum / (double)rows;
}

double seconds_of_plain(const double* y_true, const double* y_pred, int64_t rows, int calls, double* value) {
    const double start = seconds();
    for (int i = 0; i < calls; ++i) {
        *value = plain_mean_squared_error(y_true, y_pred, rows);
        __asm__ volatile("" : : "r"(y_true), "r"(value) : "memory"); /* or the loop would be one call */
    }
    return (seconds() - start) / calls;
}

typedef squarely_status call(const double*, const double*, int64_t, double*, squarely_error*);

static double seconds_of(call* function, const double* y_true, const double* y_pred, int64_t rows, int calls,
                         double* value) {
    const double start = seconds();
    for (int i = 0; i < calls; ++i) {
        if (function(y_true, y_pred, rows, value, NULL) != SQUARELY_OK) return -1;
    }
    return (seconds() - start) / calls;
}

#define TIMED(metric)                                                                                                \
    double seconds_of_##metric(const double* y_true, const double* y_pred, int64_t rows, int calls, double* value) { \
        return seconds_of(squarely_##metric##_float64, y_true, y_pred, rows, calls, value);                          \
    }
TIMED(mean_squared_error)
TIMED(root_mean_squared_error)
TIMED(mean_absolute_error)
TIMED(mean_error)
TIMED(max_error)
TIMED(r2_score)

/* Chunks whose rows are of groups: by their numbers, with a state each, and a row a call. Seconds a row, of the time of
   the processor. */
enum { CHUNK = 2048, CHUNKS = 40, CALLS = 20000 };

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static squarely_state_options of_two_metrics(void) {
    static const squarely_metric metrics[] = {{"mse", NULL}, {"r2", NULL}};
    const squarely_state_options options = {
        .struct_size = sizeof options, .outputs = 1, .metrics = metrics, .metric_count = 2};
    return options;
}

static squarely_pairs pairs_from(const double* y_true, const double* y_pred, int row) {
    const squarely_pairs pairs = {
        .y_true = {.data = y_true + row, .stride = sizeof(double), .dtype = SQUARELY_FLOAT64},
        .y_pred = {.data = y_pred + row, .stride = sizeof(double), .dtype = SQUARELY_FLOAT64}};
    return pairs;
}

double seconds_of_groups(const double* y_true, const double* y_pred, const uint32_t* numbers, uint32_t count) {
    const squarely_state_options options = of_two_metrics();
    squarely_groups* groups;
    if (squarely_groups_create(&options, &groups, NULL) != SQUARELY_OK) return -1;
    const double start = processor_seconds();
    for (int i = 0; i < CHUNKS; ++i) {
        const squarely_pairs pairs = pairs_from(y_true, y_pred, i * CHUNK);
        squarely_groups_update(groups, &pairs, 1, NULL, numbers + i * CHUNK, count, CHUNK, NULL);
    }
    const double seconds = processor_seconds() - start;
    squarely_groups_free(groups);
    return seconds / (CHUNKS * CHUNK);
}

static squarely_state** created_states(uint32_t count) {
    const squarely_state_options options = of_two_metrics();
    squarely_state** states = malloc(count * sizeof *states);
    for (uint32_t i = 0; i < count; ++i) squarely_state_create(&options, &states[i], NULL);
    return states;
}

static void free_states(squarely_state** states, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) squarely_state_free(states[i]);
    free(states);
}

double seconds_of_states(const double* y_true, const double* y_pred, const uint32_t* numbers, uint32_t count) {
    squarely_state** states = created_states(count);
    squarely_state* of_rows[CHUNK];
    const double start = processor_seconds();
    for (int i = 0; i < CHUNKS; ++i) {
        const squarely_pairs pairs = pairs_from(y_true, y_pred, i * CHUNK);
        for (int row = 0; row < CHUNK; ++row) of_rows[row] = states[numbers[i * CHUNK + row]];
        squarely_states_update(of_rows, &pairs, NULL, CHUNK, NULL);
    }
    const double seconds = processor_seconds() - start;
    free_states(states, count);
    return seconds / (CHUNKS * CHUNK);
}

double seconds_of_single_rows(const double* y_true, const double* y_pred, const uint32_t* numbers, uint32_t count) {
    squarely_state** states = created_states(count);
    const double start = processor_seconds();
    for (int row = 0; row < CALLS; ++row) {
        const squarely_pairs pairs = pairs_from(y_true, y_pred, row);
        squarely_state_update(states[numbers[row]], &pairs, 1, NULL, 1, NULL);
    }
    const double seconds = processor_seconds() - start;
    free_states(states, count);
    return seconds / CALLS;
}
