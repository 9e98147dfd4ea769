/* Loops over calls, for embedding.py: what a call costs a program in C. */
#include <squarely/squarely.h>

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
