# cython: language_level=3
from squarely.c_api cimport *

squarely_import()


def mean_squared_error(const double[::1] y_true, const double[::1] y_pred):
    cdef squarely_error error
    cdef double value = 0
    cdef int64_t rows = y_true.shape[0]
    cdef squarely_status status
    with nogil:
        status = squarely_functions.mean_squared_error_float64(&y_true[0], &y_pred[0], rows, &value, &error)
    if status != SQUARELY_OK:
        raise ValueError(error.message.decode())
    return value


def digest(const double[::1] y_true, const float[::1] y_pred):
    cdef squarely_error error
    cdef double alpha = 0.9
    cdef squarely_metric[3] metrics
    cdef squarely_state_options options
    cdef squarely_pairs pairs
    cdef squarely_state* state = NULL
    cdef char[65] found
    metrics[0] = squarely_metric(b"mean_squared_error", NULL)
    metrics[1] = squarely_metric(b"r2_score", NULL)
    metrics[2] = squarely_metric(b"mean_pinball_loss", &alpha)
    options = squarely_state_options(
        sizeof(squarely_state_options), 1, metrics, 3, SQUARELY_EXACT, SQUARELY_NAN_RAISE, 0, 0
    )
    pairs = squarely_pairs(
        squarely_column(&y_true[0], sizeof(double), SQUARELY_FLOAT64, 0, NULL, 0, NULL, 0),
        squarely_column(&y_pred[0], sizeof(float), SQUARELY_FLOAT32, 0, NULL, 0, NULL, 0),
        NULL,
        0,
    )
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
