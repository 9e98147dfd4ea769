# squarely.h for Cython: `from squarely.c_api cimport ...`. Compile with squarely.get_include() among the include
# directories, call squarely_import() at the top of the module, and functions through squarely_functions. Their
# arguments are explained in squarely.h.
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "squarely/squarely_python.h":
    ctypedef int32_t squarely_status
    ctypedef int32_t squarely_dtype
    ctypedef int32_t squarely_summation
    ctypedef int32_t squarely_nan_policy

    enum:
        SQUARELY_ABI_VERSION
        SQUARELY_OK
        SQUARELY_INVALID_ARGUMENT
        SQUARELY_UNKNOWN_METRIC
        SQUARELY_NOT_FINITE
        SQUARELY_MISMATCH
        SQUARELY_DAMAGED
        SQUARELY_UNDEFINED
        SQUARELY_BUFFER_TOO_SMALL
        SQUARELY_NO_MEMORY
        SQUARELY_WRONG_ENVIRONMENT
        SQUARELY_UNEXPECTED
        SQUARELY_FLOAT64
        SQUARELY_FLOAT32
        SQUARELY_FLOAT16
        SQUARELY_BFLOAT16
        SQUARELY_INT64
        SQUARELY_INT32
        SQUARELY_INT16
        SQUARELY_INT8
        SQUARELY_UINT64
        SQUARELY_UINT32
        SQUARELY_UINT16
        SQUARELY_UINT8
        SQUARELY_BOOLEAN
        SQUARELY_EXACT
        SQUARELY_KAHAN
        SQUARELY_PAIRWISE
        SQUARELY_NAN_RAISE
        SQUARELY_NAN_PROPAGATE
        SQUARELY_NAN_OMIT
        SQUARELY_NAN_OMIT_TRUE
        SQUARELY_NAN_SKIP_NULLS

    ctypedef struct squarely_error:
        squarely_status status
        char message[508]

    ctypedef struct squarely_column:
        const void* data
        ptrdiff_t stride
        squarely_dtype dtype
        int32_t swapped
        const uint8_t* validity
        int64_t validity_offset
        const uint8_t* missing
        ptrdiff_t missing_stride

    ctypedef struct squarely_pairs:
        squarely_column y_true
        squarely_column y_pred
        const uint8_t* where
        ptrdiff_t where_stride

    ctypedef struct squarely_metric:
        const char* name
        const double* parameter

    ctypedef struct squarely_state_options:
        size_t struct_size
        size_t outputs
        const squarely_metric* metrics
        size_t metric_count
        squarely_summation summation
        squarely_nan_policy nan_policy
        int32_t weighted
        int32_t unused

    ctypedef struct squarely_counts:
        size_t struct_size
        uint64_t pairs
        uint64_t infinite
        uint64_t undefined
        uint64_t missing_true
        uint64_t missing_pred
        uint64_t masked

    ctypedef struct squarely_state:
        pass

    ctypedef struct squarely_groups:
        pass

    ctypedef struct squarely_worst_rows:
        pass

    ctypedef struct squarely_worst_row:
        size_t struct_size
        const char* part
        int64_t row
        double y_true
        double y_pred
        double loss
        double weight
        double contribution

    ctypedef struct squarely_api:
        uint32_t abi_version
        uint32_t struct_size
        const char* (*version)() noexcept nogil
        squarely_status (*get_target)(const char**, squarely_error*) noexcept nogil
        squarely_status (*set_target)(const char*, squarely_error*) noexcept nogil
        squarely_status (*get_num_threads)(int32_t*, squarely_error*) noexcept nogil
        squarely_status (*set_num_threads)(int32_t, squarely_error*) noexcept nogil
        const char* (*metric_name)(size_t) noexcept nogil
        squarely_status (*metric_parameter)(const char*, const char**, double*, squarely_error*) noexcept nogil
        squarely_status (*mean_squared_error_float64)(const double*, const double*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*mean_squared_error_float32)(const float*, const float*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*root_mean_squared_error_float64)(const double*, const double*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*root_mean_squared_error_float32)(const float*, const float*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*sum_squared_error_float64)(const double*, const double*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*sum_squared_error_float32)(const float*, const float*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*mean_absolute_error_float64)(const double*, const double*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*mean_absolute_error_float32)(const float*, const float*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*mean_error_float64)(const double*, const double*, int64_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*mean_error_float32)(const float*, const float*, int64_t, double*, squarely_error*) noexcept nogil
        squarely_status (*max_error_float64)(const double*, const double*, int64_t, double*, squarely_error*) noexcept nogil
        squarely_status (*max_error_float32)(const float*, const float*, int64_t, double*, squarely_error*) noexcept nogil
        squarely_status (*r2_score_float64)(const double*, const double*, int64_t, double*, squarely_error*) noexcept nogil
        squarely_status (*r2_score_float32)(const float*, const float*, int64_t, double*, squarely_error*) noexcept nogil
        squarely_status (*score)(const squarely_metric*, const squarely_pairs*, const squarely_column*,
            int64_t, squarely_nan_policy, double*, squarely_error*) noexcept nogil
        squarely_status (*state_create)(const squarely_state_options*, squarely_state**, squarely_error*) noexcept nogil
        squarely_status (*state_copy)(const squarely_state*, squarely_state**, squarely_error*) noexcept nogil
        void (*state_free)(squarely_state*) noexcept nogil
        squarely_status (*state_update)(squarely_state*, const squarely_pairs*, size_t, const squarely_column*,
            int64_t, squarely_error*) noexcept nogil
        squarely_status (*state_merge)(squarely_state*, const squarely_state*, squarely_error*) noexcept nogil
        squarely_status (*state_subtract)(squarely_state*, const squarely_state*, squarely_error*) noexcept nogil
        squarely_status (*state_reset)(squarely_state*, squarely_error*) noexcept nogil
        size_t (*state_outputs)(const squarely_state*) noexcept nogil
        squarely_status (*state_counts)(const squarely_state*, size_t, squarely_counts*, squarely_error*) noexcept nogil
        squarely_status (*state_value)(const squarely_state*, const char*, const double*, size_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*state_to_bytes)(const squarely_state*, void*, size_t, size_t*, squarely_error*) noexcept nogil
        squarely_status (*state_from_bytes)(const void*, size_t, squarely_state**, squarely_error*) noexcept nogil
        squarely_status (*state_digest)(const squarely_state*, char*, squarely_error*) noexcept nogil
        squarely_status (*state_update_weighted)(squarely_state*, const squarely_pairs*, size_t, const squarely_column*,
            size_t, int64_t, squarely_error*) noexcept nogil
        int32_t (*use_one_thread_here)(int32_t) noexcept nogil
        squarely_status (*states_update)(squarely_state* const*, const squarely_pairs*, const squarely_column*,
            int64_t, squarely_error*) noexcept nogil
        squarely_status (*groups_create)(const squarely_state_options*, squarely_groups**,
            squarely_error*) noexcept nogil
        squarely_status (*groups_copy)(const squarely_groups*, squarely_groups**, squarely_error*) noexcept nogil
        void (*groups_free)(squarely_groups*) noexcept nogil
        squarely_status (*groups_update)(squarely_groups*, const squarely_pairs*, size_t, const squarely_column*,
            const uint32_t*, size_t, int64_t, squarely_error*) noexcept nogil
        squarely_status (*groups_update_sorted)(squarely_groups*, const squarely_pairs*, size_t,
            const squarely_column*, size_t, const int64_t*, size_t, squarely_error*) noexcept nogil
        squarely_status (*groups_merge)(squarely_groups*, const squarely_groups*, const uint32_t*, size_t,
            squarely_error*) noexcept nogil
        squarely_status (*groups_subtract)(squarely_groups*, const squarely_groups*, const uint32_t*,
            squarely_error*) noexcept nogil
        size_t (*groups_count)(const squarely_groups*) noexcept nogil
        squarely_status (*groups_counts)(const squarely_groups*, size_t, size_t, squarely_counts*,
            squarely_error*) noexcept nogil
        squarely_status (*groups_values)(const squarely_groups*, const char*, const double*, size_t, double*,
            squarely_error*) noexcept nogil
        squarely_status (*groups_state)(const squarely_groups*, size_t, squarely_state**,
            squarely_error*) noexcept nogil
        squarely_status (*groups_overall)(const squarely_groups*, squarely_state**, squarely_error*) noexcept nogil
        squarely_status (*groups_to_bytes)(const squarely_groups*, void*, size_t, size_t*,
            squarely_error*) noexcept nogil
        squarely_status (*groups_from_bytes)(const void*, size_t, squarely_groups**, squarely_error*) noexcept nogil
        squarely_status (*groups_digest)(const squarely_groups*, char*, squarely_error*) noexcept nogil
        squarely_status (*worst_rows_create)(const squarely_metric*, size_t, squarely_worst_rows**,
            squarely_error*) noexcept nogil
        squarely_status (*worst_rows_copy)(const squarely_worst_rows*, squarely_worst_rows**,
            squarely_error*) noexcept nogil
        void (*worst_rows_free)(squarely_worst_rows*) noexcept nogil
        squarely_status (*worst_rows_update)(squarely_worst_rows*, const squarely_pairs*, const squarely_column*,
            const char*, int64_t, int64_t, squarely_error*) noexcept nogil
        squarely_status (*worst_rows_merge)(squarely_worst_rows*, const squarely_worst_rows*,
            squarely_error*) noexcept nogil
        size_t (*worst_rows_count)(const squarely_worst_rows*) noexcept nogil
        squarely_status (*worst_rows_row)(const squarely_worst_rows*, size_t, squarely_worst_row*,
            squarely_error*) noexcept nogil
        squarely_status (*worst_rows_to_bytes)(const squarely_worst_rows*, void*, size_t, size_t*,
            squarely_error*) noexcept nogil
        squarely_status (*worst_rows_from_bytes)(const void*, size_t, squarely_worst_rows**,
            squarely_error*) noexcept nogil

    const squarely_api* squarely_functions
    int squarely_import() except -1
