/* squarely for compiled code: exact, reproducible, mergeable regression metrics. Plain C99, and C++ and Python stay on
   the other side of it.

       // score.c: cc score.c $(pkg-config --cflags --libs squarely)
       #include <squarely/squarely.h>
       #include <stdio.h>

       int main(void) {
           const double y_true[] = {3.0, -0.5, 2.0, 7.0};
           const double y_pred[] = {2.5, 0.0, 2.0, 8.0};
           squarely_error error;
           double value;
           if (squarely_mean_squared_error_float64(y_true, y_pred, 4, &value, &error) != SQUARELY_OK) {
               fprintf(stderr, "%s\n", error.message);
               return 1;
           }
           printf("%g\n", value);  // prints 0.375
           return 0;
       }

   A stream of chunks, several metrics from one pass, any element type:

       #include <squarely/squarely.h>
       #include <stdio.h>

       int main(void) {
           const float y_true[] = {3.0f, -0.5f, 2.0f, 7.0f};
           const double y_pred[] = {2.5, 0.0, 2.0, 8.0};
           const squarely_metric metrics[] = {{"mean_absolute_error", NULL}, {"r2_score", NULL}};
           const squarely_state_options options = {.struct_size = sizeof options, .outputs = 1,
                                                   .metrics = metrics, .metric_count = 2};
           squarely_pairs pairs = {.y_true = {.dtype = SQUARELY_FLOAT32, .stride = sizeof(float)},
                                   .y_pred = {.dtype = SQUARELY_FLOAT64, .stride = sizeof(double)}};
           squarely_state *state;
           squarely_error error;
           double value = 0;
           squarely_status status = squarely_state_create(&options, &state, &error);
           for (int first = 0; first < 4 && status == SQUARELY_OK; first += 2) {
               pairs.y_true.data = y_true + first;
               pairs.y_pred.data = y_pred + first;
               status = squarely_state_update(state, &pairs, 1, NULL, 2, &error);
           }
           if (status == SQUARELY_OK) status = squarely_state_value(state, "r2_score", NULL, 0, &value, &error);
           if (status != SQUARELY_OK) fprintf(stderr, "%s\n", error.message);
           else printf("%.17g\n", value);  // prints 0.94860813704496783
           squarely_state_free(state);
           return status;
       }

   What a call means is what the same call of the Python package means, to the last bit: the double nearest to the real
   number, whatever the chunks, their order, the threads and the machine. The compiler flags of the caller change
   nothing (-ffast-math included, and the flush-to-zero it sets), because nothing is computed in this header.

   - Units: strides and offsets of memory are in bytes, and may be negative or zero. Rows are counted, and never
     negative. Nothing need be aligned.
   - Ownership: arrays are read during the call, never written, never kept. Strings given are copied where they are
     needed later; strings returned are constants of the library. A state belongs to whoever created, copied or read it,
     and is given back to squarely_state_free.
   - Errors: a function that can fail returns SQUARELY_OK (0) or what went wrong, and then has changed no state. The
     last argument, which may be NULL, gets the code and one sentence on what was found and what to do. It is the
     caller's, so no thread has an error of its own, and it is written on failure only. Nothing is thrown, and nothing
     aborts; but a pointer that is not NULL is believed.
   - NaN: a call refuses what Python's nan_policy refuses: "raise" unless a state says otherwise. Whatever the policy,
     squarely_state_counts tells how many pairs were left out, and why.
   - Threads: any function may be called from any thread at any time, on different states. One state may be read (by the
     functions that take it as const) by many threads at once, or changed by one. A call on much data uses several
     threads itself: see squarely_set_num_threads.
   - Versions: this header only grows at its ends: functions, members of squarely_api, enumerators, members of the
     structures that start with struct_size. What was compiled with an older one runs with a newer library. */
#ifndef SQUARELY_SQUARELY_H
#define SQUARELY_SQUARELY_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SQUARELY_API __attribute__((visibility("default")))
#else
#define SQUARELY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SQUARELY_ABI_VERSION 1

typedef int32_t squarely_status;
enum {
    SQUARELY_OK = 0,
    SQUARELY_INVALID_ARGUMENT = 1, /* a null pointer, a size, a type, a name or a parameter that cannot be */
    SQUARELY_UNKNOWN_METRIC = 2,   /* no metric of this name is a metric of sums */
    SQUARELY_NOT_FINITE = 3,       /* NaN or infinity, in the data or the weights, where they are refused */
    SQUARELY_MISMATCH = 4,         /* two states of different kinds, or one that is no part of the other */
    SQUARELY_DAMAGED = 5,          /* bytes that are no state */
    SQUARELY_UNDEFINED = 6,        /* the metric has no value on this data */
    SQUARELY_BUFFER_TOO_SMALL = 7, /* the size needed has been written */
    SQUARELY_NO_MEMORY = 8,
    SQUARELY_WRONG_ENVIRONMENT = 9, /* SQUARELY_TARGET or SQUARELY_NUM_THREADS is set to what cannot be */
    SQUARELY_UNEXPECTED = 10        /* a mistake of ours */
};

typedef struct squarely_error {
    squarely_status status;
    char message[508]; /* ends with a zero; cut where it is longer */
} squarely_error;

typedef int32_t squarely_dtype;
enum {
    SQUARELY_FLOAT64 = 0,
    SQUARELY_FLOAT32 = 1,
    SQUARELY_FLOAT16 = 2,
    SQUARELY_BFLOAT16 = 3,
    SQUARELY_INT64 = 4,
    SQUARELY_INT32 = 5,
    SQUARELY_INT16 = 6,
    SQUARELY_INT8 = 7,
    SQUARELY_UINT64 = 8,
    SQUARELY_UINT32 = 9,
    SQUARELY_UINT16 = 10,
    SQUARELY_UINT8 = 11,
    SQUARELY_BOOLEAN = 12 /* a byte, true where it is not zero */
};

/* A stretch of numbers somewhere in memory. All members but the first three may be zero. A stride of 0 is no default:
   it repeats the first element, so write the size of the element. */
typedef struct squarely_column {
    const void* data; /* the first element */
    ptrdiff_t stride; /* bytes from one element to the next */
    squarely_dtype dtype;
    int32_t swapped;         /* 1: the bytes of an element are in the order this machine does not use */
    const uint8_t* validity; /* Arrow's bitmap, where bit validity_offset + row is 0 if there is no value; or NULL */
    int64_t validity_offset; /* in bits */
    const uint8_t* missing;  /* a byte a row instead, not zero where there is no value; or NULL */
    ptrdiff_t missing_stride;
} squarely_column;

/* One output: its truth, its predictions, and which rows count. */
typedef struct squarely_pairs {
    squarely_column y_true;
    squarely_column y_pred;
    const uint8_t* where; /* a byte a row, zero leaves the row out; or NULL, and every row counts */
    ptrdiff_t where_stride;
} squarely_pairs;

/* Exact states do not depend on chunks, order or merges. The others depend on chunks. */
typedef int32_t squarely_summation;
enum { SQUARELY_EXACT = 0, SQUARELY_KAHAN = 1, SQUARELY_PAIRWISE = 2 };

/* What a missing value (NaN, or what its column calls missing) and an infinite one mean. */
typedef int32_t squarely_nan_policy;
enum {
    SQUARELY_NAN_RAISE = 0,     /* the call is refused with SQUARELY_NOT_FINITE */
    SQUARELY_NAN_PROPAGATE = 1, /* the pair is counted, and values are NaN; infinities are let through to the result */
    SQUARELY_NAN_OMIT = 2,      /* the pair is left out; infinities are refused */
    SQUARELY_NAN_OMIT_TRUE = 3, /* left out where the truth is missing; a missing prediction is refused */
    SQUARELY_NAN_SKIP_NULLS = 4 /* as PROPAGATE, but a row is masked where its column, or that of its weights, says that
                                   there is no value: SQL's nulls beside its NaN. Takes a byte a row while it
                                   runs. In bytes it is PROPAGATE. */
};

/* A name from squarely_metric_name, or in short (mse, mae, r2 ...), and its parameter: NULL for the default, else for
   example &alpha. Among those of a state "pictures", which has no value, is Python's pictures=True: it counts pairs by
   size, so that `squarely report` draws the state. */
typedef struct squarely_metric {
    const char* name;
    const double* parameter;
} squarely_metric;

typedef struct squarely_state_options {
    size_t struct_size; /* sizeof(squarely_state_options) */
    size_t outputs;     /* columns that are scored side by side, 1 or more */
    const squarely_metric* metrics;
    size_t metric_count; /* 0: the everyday ones, as in Python */
    squarely_summation summation;
    squarely_nan_policy nan_policy;
    int32_t weighted; /* 1: every update has weights; 0: none has */
    int32_t unused;   /* zero */
} squarely_state_options;

/* How many rows of an output have been seen, by what became of them. */
typedef struct squarely_counts {
    size_t struct_size;    /* sizeof(squarely_counts), set by the caller */
    uint64_t pairs;        /* pairs of two numbers */
    uint64_t infinite;     /* of these: a side infinite, or both with opposite signs */
    uint64_t undefined;    /* of these: infinity against the same infinity */
    uint64_t missing_true; /* left out: no truth */
    uint64_t missing_pred; /* left out: a truth, and no prediction */
    uint64_t masked;       /* left out by where */
} squarely_counts;

/* The sums of a stream, whatever its length: a few hundred bytes as it is created, and one to three kilobytes of a few
   metrics when rows have come, in long chunks or up to four at a time. Chunks of 5 to 16,384 rows of one output are
   summed in lanes that stay open: then it takes 17 to 50. For many of these see squarely_groups. */
typedef struct squarely_state squarely_state;

typedef struct squarely_api squarely_api;

/* ---- The library ---- */

SQUARELY_API uint32_t squarely_abi_version(void);
SQUARELY_API const char* squarely_version(void);

/* Every function below and above as one table, for who finds symbols at run time. See the end of this header. */
SQUARELY_API const squarely_api* squarely_get_api(void);

/* The instruction set whose kernels run, in all threads: the best this machine has, unless SQUARELY_TARGET or a call
   says otherwise. An empty name sets the best. All give the same bits. */
SQUARELY_API squarely_status squarely_get_target(const char** name, squarely_error* error);
SQUARELY_API squarely_status squarely_set_target(const char* name, squarely_error* error);

/* How many threads a call on much data uses, whichever thread of the process calls. 0 sets the default, which follows
   affinity, containers, OMP_NUM_THREADS and SQUARELY_NUM_THREADS. */
SQUARELY_API squarely_status squarely_get_num_threads(int32_t* count, squarely_error* error);
SQUARELY_API squarely_status squarely_set_num_threads(int32_t count, squarely_error* error);

/* The metrics, by index from 0; NULL where there are no more. */
SQUARELY_API const char* squarely_metric_name(size_t index);

/* The name of a metric's parameter, empty where it has none, and its default. Words of Python are numbers here:
   normalization is 0 range, 1 mean, 2 std, 3 euclidean; force_finite is 0 or 1. */
SQUARELY_API squarely_status squarely_metric_parameter(const char* metric, const char** parameter,
                                                       double* default_value, squarely_error* error);

/* Whether calls of the calling thread do without other threads (1), as inside an engine that has threads of its own, or
   not (0, as every thread begins). Returns what it was before. */
SQUARELY_API int32_t squarely_use_one_thread_here(int32_t one);

/* ---- One call ---- */

/* The everyday metrics of two arrays without gaps, of 1 row or more. NaN and infinity are refused with
   SQUARELY_NOT_FINITE. A hundred rows of mean_squared_error take about a third of a microsecond. On failure, *value
   is NaN. */
#define SQUARELY_EVERYDAY(metric)                                                                                      \
    SQUARELY_API squarely_status squarely_##metric##_float64(const double* y_true, const double* y_pred, int64_t rows, \
                                                             double* value, squarely_error* error);                    \
    SQUARELY_API squarely_status squarely_##metric##_float32(const float* y_true, const float* y_pred, int64_t rows,   \
                                                             double* value, squarely_error* error)
SQUARELY_EVERYDAY(mean_squared_error);
SQUARELY_EVERYDAY(root_mean_squared_error);
SQUARELY_EVERYDAY(sum_squared_error);
SQUARELY_EVERYDAY(mean_absolute_error);
SQUARELY_EVERYDAY(mean_error); /* of y_pred - y_true */
SQUARELY_EVERYDAY(max_error);
SQUARELY_EVERYDAY(r2_score);
#undef SQUARELY_EVERYDAY

/* Any metric of sums, which are those that squarely_metric_name lists, of one output. weights may be NULL; 64-bit
   integers that no double holds are taken as the nearest one. */
SQUARELY_API squarely_status squarely_score(const squarely_metric* metric, const squarely_pairs* pairs,
                                            const squarely_column* weights, int64_t rows,
                                            squarely_nan_policy nan_policy, double* value, squarely_error* error);

/* ---- A stream ---- */

/* These, and squarely_state_from_bytes, make a state; where they fail they set the pointer to it to NULL. */
SQUARELY_API squarely_status squarely_state_create(const squarely_state_options* options, squarely_state** state,
                                                   squarely_error* error);
SQUARELY_API squarely_status squarely_state_copy(const squarely_state* state, squarely_state** copy,
                                                 squarely_error* error);
SQUARELY_API void squarely_state_free(squarely_state* state); /* NULL is left alone */

/* Adds rows to every output: pairs has as many elements as the state has outputs, which output_count repeats. weights
   are those of the rows, for all outputs, and NULL where the state is not weighted. No rows is no error. */
SQUARELY_API squarely_status squarely_state_update(squarely_state* state, const squarely_pairs* pairs,
                                                   size_t output_count, const squarely_column* weights, int64_t rows,
                                                   squarely_error* error);

/* The same with weights, which the state must have been created for: one column for all outputs (weight_count 1), or
   one an output. */
SQUARELY_API squarely_status squarely_state_update_weighted(squarely_state* state, const squarely_pairs* pairs,
                                                            size_t output_count, const squarely_column* weights,
                                                            size_t weight_count, int64_t rows, squarely_error* error);

/* Adds, or takes away again, all that another state of the same outputs, metrics, summation and policy has seen.
   Exact sums keep no trace of either. A state with max_error, or another largest or least value, cannot be taken
   away, and neither can one that leaves what no data give: counts or squares below zero, a sum of no pairs. */
SQUARELY_API squarely_status squarely_state_merge(squarely_state* state, const squarely_state* other,
                                                  squarely_error* error);
SQUARELY_API squarely_status squarely_state_subtract(squarely_state* state, const squarely_state* other,
                                                     squarely_error* error);
SQUARELY_API squarely_status squarely_state_reset(squarely_state* state, squarely_error* error); /* as it was created */

SQUARELY_API size_t squarely_state_outputs(const squarely_state* state); /* 0 for NULL */
SQUARELY_API squarely_status squarely_state_counts(const squarely_state* state, size_t output, squarely_counts* counts,
                                                   squarely_error* error);

/* A metric of one output: any whose sums the state has. Without its parameter it is that of the default, and refused
   where the state was created with other parameters of this metric alone. SQUARELY_UNDEFINED where it has no value:
   without pairs, with weights that sum to zero, of one pair where two are needed, of numbers outside its domain. On
   failure, *value is NaN. With SQUARELY_NAN_PROPAGATE a value may be NaN or infinite and the call succeed. */
SQUARELY_API squarely_status squarely_state_value(const squarely_state* state, const char* metric,
                                                  const double* parameter, size_t output, double* value,
                                                  squarely_error* error);

/* The state as bytes, the same on every machine: those of Python's Accumulator.to_bytes, which reads them, and whose
   bytes are read here. *size is what is needed; a NULL buffer asks for it. One that has seen nothing is read as of
   one output (of as many as Python averages by weights of their own) and not weighted, for its bytes do not say; merged
   with one that has seen pairs, it is as that. */
SQUARELY_API squarely_status squarely_state_to_bytes(const squarely_state* state, void* buffer, size_t capacity,
                                                     size_t* size, squarely_error* error);
SQUARELY_API squarely_status squarely_state_from_bytes(const void* bytes, size_t size, squarely_state** state,
                                                       squarely_error* error);

/* SHA-256 of these bytes in hexadecimal, and a zero: what Python's Accumulator.digest gives. Equal where states are: of
   the same rows, and of the same metrics with the same parameters in the same order, summation and policy. Of Python's
   multioutput a state created here has "uniform_average". */
SQUARELY_API squarely_status squarely_state_digest(const squarely_state* state, char digest[65], squarely_error* error);

/* Adds row i to states[i], for engines that have a state a row: any number of states, in any order, each as often as it
   has rows. They are of one output and were created alike. All rows are added, or none. Takes up to fifty bytes a
   row while it runs. */
SQUARELY_API squarely_status squarely_states_update(squarely_state* const* states, const squarely_pairs* pairs,
                                                    const squarely_column* weights, int64_t rows,
                                                    squarely_error* error);

/* ---- Groups ---- */

/* A state for every group, in a fraction of the memory and time of as many squarely_state. Groups are numbers from 0
   on, fewer than 2^32; whose they are is for the caller to know. Memory is that of group_count groups, whether they
   have rows or not. */
typedef struct squarely_groups squarely_groups;

/* As of a state: options->outputs are those of a group. These, and squarely_groups_from_bytes, make groups, which are
   given back to squarely_groups_free; where they fail they set the pointer to NULL. */
SQUARELY_API squarely_status squarely_groups_create(const squarely_state_options* options, squarely_groups** groups,
                                                    squarely_error* error);
SQUARELY_API squarely_status squarely_groups_copy(const squarely_groups* groups, squarely_groups** copy,
                                                  squarely_error* error);
SQUARELY_API void squarely_groups_free(squarely_groups* groups); /* NULL is left alone */

/* Adds row i to the group numbers[i], all rows or none. Of now on there are group_count groups, if there were not more:
   numbers are smaller. Pairs and weights are those of squarely_state_update. */
SQUARELY_API squarely_status squarely_groups_update(squarely_groups* groups, const squarely_pairs* pairs,
                                                    size_t output_count, const squarely_column* weights,
                                                    const uint32_t* numbers, size_t group_count, int64_t rows,
                                                    squarely_error* error);

/* The same for rows that lie group by group, as in lists: those of the group first_group + i are offsets[i] to
   offsets[i + 1] (not included), counted from the first element of the columns. There are list_count + 1 offsets. Takes
   four bytes a row while it runs. */
SQUARELY_API squarely_status squarely_groups_update_sorted(squarely_groups* groups, const squarely_pairs* pairs,
                                                           size_t output_count, const squarely_column* weights,
                                                           size_t first_group, const int64_t* offsets,
                                                           size_t list_count, squarely_error* error);

/* Adds, or takes away again, all that other groups of the same kind have seen: group i of the others is the group
   numbers[i] of these, and no two are the same. NULL: they have the same numbers. Of then on there are group_count
   groups, if there were not more. What cannot be taken away from a state cannot be from groups. */
SQUARELY_API squarely_status squarely_groups_merge(squarely_groups* groups, const squarely_groups* other,
                                                   const uint32_t* numbers, size_t group_count, squarely_error* error);
SQUARELY_API squarely_status squarely_groups_subtract(squarely_groups* groups, const squarely_groups* other,
                                                      const uint32_t* numbers, squarely_error* error);

SQUARELY_API size_t squarely_groups_count(const squarely_groups* groups); /* 0 for NULL */
SQUARELY_API squarely_status squarely_groups_counts(const squarely_groups* groups, size_t group, size_t output,
                                                    squarely_counts* counts, squarely_error* error);

/* A metric of one output of every group, into squarely_groups_count doubles: NaN where squarely_state_value has no
   value. */
SQUARELY_API squarely_status squarely_groups_values(const squarely_groups* groups, const char* metric,
                                                    const double* parameter, size_t output, double* values,
                                                    squarely_error* error);

/* One group, or all of them together, as a new state: what the rows alone would have given. */
SQUARELY_API squarely_status squarely_groups_state(const squarely_groups* groups, size_t group, squarely_state** state,
                                                   squarely_error* error);
SQUARELY_API squarely_status squarely_groups_overall(const squarely_groups* groups, squarely_state** state,
                                                     squarely_error* error);

/* As of a state: the bytes are those of one whose outputs are those of all groups, in the order of their numbers, along
   a first axis, and Python reads them as an Accumulator. The keys of Python's GroupedAccumulator are not in them. */
SQUARELY_API squarely_status squarely_groups_to_bytes(const squarely_groups* groups, void* buffer, size_t capacity,
                                                      size_t* size, squarely_error* error);
SQUARELY_API squarely_status squarely_groups_from_bytes(const void* bytes, size_t size, squarely_groups** groups,
                                                        squarely_error* error);
SQUARELY_API squarely_status squarely_groups_digest(const squarely_groups* groups, char digest[65],
                                                    squarely_error* error);

/* ---- Worst rows ---- */

/* The rows with the largest losses of a stream, at most so many: what Python's WorstRows keeps, beside a state whose
   bytes and digest stay those of the sums. They are merged in any order, and are the same whatever that was. */
typedef struct squarely_worst_rows squarely_worst_rows;

typedef struct squarely_worst_row {
    size_t struct_size; /* sizeof(squarely_worst_row), set by the caller */
    const char* part;   /* as it was given; valid until these rows are changed or freed */
    int64_t row;        /* its number in its part */
    double y_true;      /* of a 64-bit integer the nearest double */
    double y_pred;
    double loss; /* without the weight, rounded once */
    double weight;
    double contribution; /* the product of both, rounded once: what rows are in the order of */
} squarely_worst_row;

/* The loss is "squared_error" where it is NULL, or one that Python's worst_by takes by its name, or a metric that is
   the mean of one, with its parameter. At most 10,000 rows are kept. These functions, and
   squarely_worst_rows_from_bytes, make worst rows, which are given back to squarely_worst_rows_free; where they fail
   they set the pointer to NULL. */
SQUARELY_API squarely_status squarely_worst_rows_create(const squarely_metric* loss, size_t count,
                                                        squarely_worst_rows** worst, squarely_error* error);
SQUARELY_API squarely_status squarely_worst_rows_copy(const squarely_worst_rows* worst, squarely_worst_rows** copy,
                                                      squarely_error* error);
SQUARELY_API void squarely_worst_rows_free(squarely_worst_rows* worst); /* NULL is left alone */

/* Looks at rows of one output; weights may be NULL. A row is known by its part, any text in UTF-8 (NULL: none), and its
   number in it: of equal losses those count that come first in the order of parts, byte by byte, and then of rows. A
   first_row that is negative is the one behind the last that was seen of the part. Rows that were seen before are
   refused with SQUARELY_MISMATCH. Pairs with a missing value or an infinity, that do not count, outside the domain of
   the loss, or without a finite weight that is not zero, are none of the worst rows: a state refuses them, or counts
   them. */
SQUARELY_API squarely_status squarely_worst_rows_update(squarely_worst_rows* worst, const squarely_pairs* pairs,
                                                        const squarely_column* weights, const char* part,
                                                        int64_t first_row, int64_t rows, squarely_error* error);

/* Takes in those of other rows, by the same loss and of the same number. */
SQUARELY_API squarely_status squarely_worst_rows_merge(squarely_worst_rows* worst, const squarely_worst_rows* other,
                                                       squarely_error* error);

/* How many there are, and each of them, the worst first. */
SQUARELY_API size_t squarely_worst_rows_count(const squarely_worst_rows* worst); /* 0 for NULL */
SQUARELY_API squarely_status squarely_worst_rows_row(const squarely_worst_rows* worst, size_t index,
                                                     squarely_worst_row* row, squarely_error* error);

/* As of a state: the bytes are those of Python's WorstRows.to_bytes, which reads them, and whose bytes are read here
   where they have no columns. */
SQUARELY_API squarely_status squarely_worst_rows_to_bytes(const squarely_worst_rows* worst, void* buffer,
                                                          size_t capacity, size_t* size, squarely_error* error);
SQUARELY_API squarely_status squarely_worst_rows_from_bytes(const void* bytes, size_t size, squarely_worst_rows** worst,
                                                            squarely_error* error);

/* ---- The table ---- */

/* Found at run time by squarely_get_api, or by squarely_import of squarely_python.h, which checks it: abi_version must
   be SQUARELY_ABI_VERSION, and struct_size, of a newer library larger, sizeof(squarely_api) at least. */
struct squarely_api {
    uint32_t abi_version; /* SQUARELY_ABI_VERSION of the library */
    uint32_t struct_size; /* sizeof(squarely_api) of the library */
    const char* (*version)(void);
    squarely_status (*get_target)(const char**, squarely_error*);
    squarely_status (*set_target)(const char*, squarely_error*);
    squarely_status (*get_num_threads)(int32_t*, squarely_error*);
    squarely_status (*set_num_threads)(int32_t, squarely_error*);
    const char* (*metric_name)(size_t);
    squarely_status (*metric_parameter)(const char*, const char**, double*, squarely_error*);
#define SQUARELY_EVERYDAY(metric)                                                                         \
    squarely_status (*metric##_float64)(const double*, const double*, int64_t, double*, squarely_error*); \
    squarely_status (*metric##_float32)(const float*, const float*, int64_t, double*, squarely_error*)
    SQUARELY_EVERYDAY(mean_squared_error);
    SQUARELY_EVERYDAY(root_mean_squared_error);
    SQUARELY_EVERYDAY(sum_squared_error);
    SQUARELY_EVERYDAY(mean_absolute_error);
    SQUARELY_EVERYDAY(mean_error);
    SQUARELY_EVERYDAY(max_error);
    SQUARELY_EVERYDAY(r2_score);
#undef SQUARELY_EVERYDAY
    squarely_status (*score)(const squarely_metric*, const squarely_pairs*, const squarely_column*, int64_t,
                             squarely_nan_policy, double*, squarely_error*);
    squarely_status (*state_create)(const squarely_state_options*, squarely_state**, squarely_error*);
    squarely_status (*state_copy)(const squarely_state*, squarely_state**, squarely_error*);
    void (*state_free)(squarely_state*);
    squarely_status (*state_update)(squarely_state*, const squarely_pairs*, size_t, const squarely_column*, int64_t,
                                    squarely_error*);
    squarely_status (*state_merge)(squarely_state*, const squarely_state*, squarely_error*);
    squarely_status (*state_subtract)(squarely_state*, const squarely_state*, squarely_error*);
    squarely_status (*state_reset)(squarely_state*, squarely_error*);
    size_t (*state_outputs)(const squarely_state*);
    squarely_status (*state_counts)(const squarely_state*, size_t, squarely_counts*, squarely_error*);
    squarely_status (*state_value)(const squarely_state*, const char*, const double*, size_t, double*, squarely_error*);
    squarely_status (*state_to_bytes)(const squarely_state*, void*, size_t, size_t*, squarely_error*);
    squarely_status (*state_from_bytes)(const void*, size_t, squarely_state**, squarely_error*);
    squarely_status (*state_digest)(const squarely_state*, char[65], squarely_error*);
    squarely_status (*state_update_weighted)(squarely_state*, const squarely_pairs*, size_t, const squarely_column*,
                                             size_t, int64_t, squarely_error*);
    int32_t (*use_one_thread_here)(int32_t);
    squarely_status (*states_update)(squarely_state* const*, const squarely_pairs*, const squarely_column*, int64_t,
                                     squarely_error*);
    squarely_status (*groups_create)(const squarely_state_options*, squarely_groups**, squarely_error*);
    squarely_status (*groups_copy)(const squarely_groups*, squarely_groups**, squarely_error*);
    void (*groups_free)(squarely_groups*);
    squarely_status (*groups_update)(squarely_groups*, const squarely_pairs*, size_t, const squarely_column*,
                                     const uint32_t*, size_t, int64_t, squarely_error*);
    squarely_status (*groups_update_sorted)(squarely_groups*, const squarely_pairs*, size_t, const squarely_column*,
                                            size_t, const int64_t*, size_t, squarely_error*);
    squarely_status (*groups_merge)(squarely_groups*, const squarely_groups*, const uint32_t*, size_t, squarely_error*);
    squarely_status (*groups_subtract)(squarely_groups*, const squarely_groups*, const uint32_t*, squarely_error*);
    size_t (*groups_count)(const squarely_groups*);
    squarely_status (*groups_counts)(const squarely_groups*, size_t, size_t, squarely_counts*, squarely_error*);
    squarely_status (*groups_values)(const squarely_groups*, const char*, const double*, size_t, double*,
                                     squarely_error*);
    squarely_status (*groups_state)(const squarely_groups*, size_t, squarely_state**, squarely_error*);
    squarely_status (*groups_overall)(const squarely_groups*, squarely_state**, squarely_error*);
    squarely_status (*groups_to_bytes)(const squarely_groups*, void*, size_t, size_t*, squarely_error*);
    squarely_status (*groups_from_bytes)(const void*, size_t, squarely_groups**, squarely_error*);
    squarely_status (*groups_digest)(const squarely_groups*, char[65], squarely_error*);
    squarely_status (*worst_rows_create)(const squarely_metric*, size_t, squarely_worst_rows**, squarely_error*);
    squarely_status (*worst_rows_copy)(const squarely_worst_rows*, squarely_worst_rows**, squarely_error*);
    void (*worst_rows_free)(squarely_worst_rows*);
    squarely_status (*worst_rows_update)(squarely_worst_rows*, const squarely_pairs*, const squarely_column*,
                                         const char*, int64_t, int64_t, squarely_error*);
    squarely_status (*worst_rows_merge)(squarely_worst_rows*, const squarely_worst_rows*, squarely_error*);
    size_t (*worst_rows_count)(const squarely_worst_rows*);
    squarely_status (*worst_rows_row)(const squarely_worst_rows*, size_t, squarely_worst_row*, squarely_error*);
    squarely_status (*worst_rows_to_bytes)(const squarely_worst_rows*, void*, size_t, size_t*, squarely_error*);
    squarely_status (*worst_rows_from_bytes)(const void*, size_t, squarely_worst_rows**, squarely_error*);
};

#ifdef __cplusplus
}
#endif

#endif
