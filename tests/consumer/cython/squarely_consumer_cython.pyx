# cython: language_level=3
from libc.string cimport memset
from squarely.c_api cimport *

squarely_import()


def mean_squared_error(const double[::1] y_true, const double[::1] y_pred):
    cdef squarely_error error
    cdef double value = 0
    cdef int64_t rows = y_true.shape[0]
    cdef squarely_status status
    if y_pred.shape[0] != rows or rows == 0:  # no library sees where an array ends, and an empty one has no element 0
        raise ValueError(f"y_true and y_pred have {rows} and {y_pred.shape[0]} rows: give as many of both, 1 or more.")
    with nogil:
        status = squarely_functions.mean_squared_error_float64(&y_true[0], &y_pred[0], rows, &value, &error)
    if status != SQUARELY_OK:
        raise ValueError(error.message.decode())
    return value


cdef squarely_column column_of(const void* data, ptrdiff_t stride, squarely_dtype dtype):
    cdef squarely_column column
    memset(&column, 0, sizeof(column))
    column.data = data
    column.stride = stride
    column.dtype = dtype
    return column


def digest(const double[::1] y_true, const float[::1] y_pred):
    cdef squarely_error error
    cdef double alpha = 0.9
    cdef squarely_metric[3] metrics
    cdef squarely_state_options options
    cdef squarely_pairs pairs
    cdef squarely_state* state = NULL
    cdef char[65] found
    if y_pred.shape[0] != y_true.shape[0] or y_true.shape[0] == 0:
        raise ValueError("y_true and y_pred need as many rows, 1 or more.")
    memset(&options, 0, sizeof(options))
    memset(&pairs, 0, sizeof(pairs))
    memset(metrics, 0, sizeof(metrics))
    metrics[0].name = b"mean_squared_error"
    metrics[1].name = b"r2_score"
    metrics[2].name = b"mean_pinball_loss"
    metrics[2].parameter = &alpha
    options.struct_size = sizeof(options)
    options.outputs = 1
    options.metrics = metrics
    options.metric_count = 3
    pairs.y_true = column_of(&y_true[0], sizeof(double), SQUARELY_FLOAT64)
    pairs.y_pred = column_of(&y_pred[0], sizeof(float), SQUARELY_FLOAT32)
    try:
        if squarely_functions.state_create(&options, &state, &error) != SQUARELY_OK:
            raise ValueError(error.message.decode())
        if squarely_functions.state_update(state, &pairs, 1, NULL, y_true.shape[0], &error) != SQUARELY_OK:
            raise ValueError(error.message.decode())
        if squarely_functions.state_digest(state, found, &error) != SQUARELY_OK:
            raise ValueError(error.message.decode())
        return found.decode()
    finally:
        squarely_functions.state_free(state)
