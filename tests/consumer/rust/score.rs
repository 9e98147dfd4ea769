//! Rust, without a crate: the few declarations that are used, as they stand in squarely.h.
use std::ffi::{c_char, c_void, CStr};
use std::ptr::{null, null_mut};

#[repr(C)]
struct Error {
    status: i32,
    message: [c_char; 508],
}

#[repr(C)]
struct Column {
    data: *const c_void,
    stride: isize,
    dtype: i32,
    swapped: i32,
    validity: *const u8,
    validity_offset: i64,
    missing: *const u8,
    missing_stride: isize,
}

#[repr(C)]
struct Pairs {
    y_true: Column,
    y_pred: Column,
    mask: *const u8,
    mask_stride: isize,
}

#[repr(C)]
struct Metric {
    name: *const c_char,
    parameter: *const f64,
}

#[repr(C)]
struct StateOptions {
    struct_size: usize,
    outputs: usize,
    metrics: *const Metric,
    metric_count: usize,
    summation: i32,
    nan_policy: i32,
    weighted: i32,
    unused: i32,
}

enum State {}

extern "C" {
    fn squarely_mean_squared_error_float64(
        y_true: *const f64,
        y_pred: *const f64,
        rows: i64,
        value: *mut f64,
        error: *mut Error,
    ) -> i32;
    fn squarely_state_create(options: *const StateOptions, state: *mut *mut State, error: *mut Error) -> i32;
    fn squarely_state_update(
        state: *mut State,
        pairs: *const Pairs,
        output_count: usize,
        weights: *const Column,
        rows: i64,
        error: *mut Error,
    ) -> i32;
    fn squarely_state_digest(state: *const State, digest: *mut c_char, error: *mut Error) -> i32;
    fn squarely_state_free(state: *mut State);
}

const FLOAT64: i32 = 0;
const FLOAT32: i32 = 1;

fn next(seed: &mut u32) -> f64 {
    *seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
    f64::from((*seed as i32) >> 4) / 1048576.0
}

fn column<T>(values: &[T], dtype: i32) -> Column {
    Column {
        data: values.as_ptr().cast(),
        stride: size_of::<T>() as isize,
        dtype,
        swapped: 0,
        validity: null(),
        validity_offset: 0,
        missing: null(),
        missing_stride: 0,
    }
}

fn check(status: i32, error: &Error) {
    assert_eq!(status, 0, "{:?}", unsafe { CStr::from_ptr(error.message.as_ptr()) });
}

fn main() {
    let mut seed = 1;
    let (y_true, y_pred): (Vec<f64>, Vec<f32>) =
        (0..1000).map(|_| (next(&mut seed), next(&mut seed) as f32)).unzip();
    let wide_pred: Vec<f64> = y_pred.iter().map(|&value| f64::from(value)).collect();
    let alpha = 0.9;
    let metrics = [
        Metric { name: c"mean_squared_error".as_ptr(), parameter: null() },
        Metric { name: c"r2_score".as_ptr(), parameter: null() },
        Metric { name: c"mean_pinball_loss".as_ptr(), parameter: &alpha },
    ];
    let options = StateOptions {
        struct_size: size_of::<StateOptions>(),
        outputs: 1,
        metrics: metrics.as_ptr(),
        metric_count: metrics.len(),
        summation: 0,
        nan_policy: 0,
        weighted: 0,
        unused: 0,
    };
    let mut error = Error { status: 0, message: [0; 508] };
    let mut value = 0.0;
    let mut state = null_mut();
    let mut digest = [0; 65];
    unsafe {
        check(
            squarely_mean_squared_error_float64(y_true.as_ptr(), wide_pred.as_ptr(), 1000, &mut value, &mut error),
            &error,
        );
        check(squarely_state_create(&options, &mut state, &mut error), &error);
        for (truth, prediction) in y_true.chunks(600).zip(y_pred.chunks(600)) {
            let pairs = Pairs {
                y_true: column(truth, FLOAT64),
                y_pred: column(prediction, FLOAT32),
                mask: null(),
                mask_stride: 0,
            };
            check(squarely_state_update(state, &pairs, 1, null(), truth.len() as i64, &mut error), &error);
        }
        check(squarely_state_digest(state, digest.as_mut_ptr(), &mut error), &error);
        squarely_state_free(state);
        println!("{value:?}\n{}", CStr::from_ptr(digest.as_ptr()).to_str().unwrap());
    }
}
