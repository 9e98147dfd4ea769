/* C99: everything a program needs of a stream. */
#include <squarely/squarely.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { rows = 1000 };

/* The numbers of every consumer: multiples of 2^-20, so that no flag of a compiler can change them. */
static double next(uint32_t* seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (double)((int32_t)*seed >> 4) / 1048576;
}

static void check(squarely_status status, const squarely_error* error) {
    if (status == SQUARELY_OK) return;
    fprintf(stderr, "%d: %s\n", (int)status, error->message);
    exit(1);
}

int main(void) {
    static double y_true[rows];
    static float y_pred[rows];
    static double wide_pred[rows];
    static const double subnormal[] = {5e-324, 1e-310};
    static const double zeros[2];
    const squarely_pairs small = {.y_true = {subnormal, sizeof(double), SQUARELY_FLOAT64, 0, NULL, 0, NULL, 0},
                                  .y_pred = {zeros, sizeof(double), SQUARELY_FLOAT64, 0, NULL, 0, NULL, 0}};
    const double alpha = 0.9;
    const squarely_metric metrics[] = {{"mean_squared_error", NULL}, {"r2_score", NULL}, {"mean_pinball_loss", &alpha}};
    const squarely_state_options options = {
        .struct_size = sizeof options, .outputs = 1, .metrics = metrics, .metric_count = 3};
    squarely_pairs pairs = {.y_true = {.stride = sizeof(double), .dtype = SQUARELY_FLOAT64},
                            .y_pred = {.stride = sizeof(float), .dtype = SQUARELY_FLOAT32}};
    squarely_error error;
    squarely_state* state;
    uint32_t seed = 1;
    double value;
    char digest[65];

    for (int i = 0; i < rows; ++i) {
        y_true[i] = next(&seed);
        y_pred[i] = (float)next(&seed);
        wide_pred[i] = y_pred[i];
    }
    check(squarely_mean_squared_error_float64(y_true, wide_pred, rows, &value, &error), &error);
    check(squarely_state_create(&options, &state, &error), &error);
    for (int first = 0; first < rows; first += 600) {
        pairs.y_true.data = y_true + first;
        pairs.y_pred.data = y_pred + first;
        check(squarely_state_update(state, &pairs, 1, NULL, rows - first < 600 ? rows - first : 600, &error), &error);
    }
    check(squarely_state_digest(state, digest, &error), &error);
    squarely_state_free(state);
    printf("%.17g\n%s\n", value, digest);

    /* Subnormal numbers, which a program compiled with -ffast-math may have told the processor to take for zeros. */
    check(squarely_mean_absolute_error_float64(subnormal, zeros, 2, &value, &error), &error);
    printf("%.17g\n", value);
    check(squarely_score(&(squarely_metric){"mean_huber_loss", subnormal}, &small, NULL, 2, 0, &value, &error), &error);
    return 0;
}
