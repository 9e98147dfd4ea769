! Fortran 2003: the few declarations that are used, as they stand in squarely.h.
module squarely
  use, intrinsic :: iso_c_binding
  implicit none

  integer(c_int32_t), parameter :: SQUARELY_OK = 0, SQUARELY_FLOAT64 = 0, SQUARELY_FLOAT32 = 1

  type, bind(c) :: squarely_error
    integer(c_int32_t) :: status = SQUARELY_OK
    character(kind=c_char) :: message(508) = c_null_char
  end type

  type, bind(c) :: squarely_column
    type(c_ptr) :: data = c_null_ptr
    integer(c_intptr_t) :: stride = 0
    integer(c_int32_t) :: dtype = SQUARELY_FLOAT64, swapped = 0
    type(c_ptr) :: validity = c_null_ptr
    integer(c_int64_t) :: validity_offset = 0
    type(c_ptr) :: missing = c_null_ptr
    integer(c_intptr_t) :: missing_stride = 0
  end type

  type, bind(c) :: squarely_pairs
    type(squarely_column) :: y_true, y_pred
    type(c_ptr) :: where = c_null_ptr
    integer(c_intptr_t) :: where_stride = 0
  end type

  type, bind(c) :: squarely_metric
    type(c_ptr) :: name = c_null_ptr, parameter = c_null_ptr
  end type

  type, bind(c) :: squarely_state_options
    integer(c_size_t) :: struct_size = 0, outputs = 1
    type(c_ptr) :: metrics = c_null_ptr
    integer(c_size_t) :: metric_count = 0
    integer(c_int32_t) :: summation = 0, nan_policy = 0, weighted = 0, unused = 0
  end type

  interface
    function squarely_mean_squared_error_float64(y_true, y_pred, rows, mean, error) bind(c) result(status)
      import
      real(c_double), intent(in) :: y_true(*), y_pred(*)
      integer(c_int64_t), value :: rows
      real(c_double), intent(out) :: mean
      type(squarely_error), intent(inout) :: error
      integer(c_int32_t) :: status
    end function

    function squarely_state_create(options, state, error) bind(c) result(status)
      import
      type(squarely_state_options), intent(in) :: options
      type(c_ptr), intent(out) :: state
      type(squarely_error), intent(inout) :: error
      integer(c_int32_t) :: status
    end function

    function squarely_state_update(state, pairs, output_count, weights, rows, error) bind(c) result(status)
      import
      type(c_ptr), value :: state, weights
      type(squarely_pairs), intent(in) :: pairs
      integer(c_size_t), value :: output_count
      integer(c_int64_t), value :: rows
      type(squarely_error), intent(inout) :: error
      integer(c_int32_t) :: status
    end function

    function squarely_state_digest(state, digest, error) bind(c) result(status)
      import
      type(c_ptr), value :: state
      character(kind=c_char), intent(out) :: digest(65)
      type(squarely_error), intent(inout) :: error
      integer(c_int32_t) :: status
    end function

    subroutine squarely_state_free(state) bind(c)
      import
      type(c_ptr), value :: state
    end subroutine
  end interface
end module

program score
  use squarely
  implicit none
  integer, parameter :: rows = 1000
  real(c_double), target :: y_true(rows), alpha = 0.9_c_double
  real(c_float), target :: y_pred(rows)
  character(len=20, kind=c_char), target :: names(3) = [character(len=20, kind=c_char) :: &
    "mean_squared_error" // c_null_char, "r2_score" // c_null_char, "mean_pinball_loss" // c_null_char]
  type(squarely_metric), target :: metrics(3)
  type(squarely_state_options) :: options
  type(squarely_pairs) :: pairs
  type(squarely_error) :: error
  type(c_ptr) :: state
  character(kind=c_char) :: digest(65)
  real(c_double) :: mean
  integer(c_int64_t) :: seed = 1
  integer :: i, first, last

  do i = 1, rows
    y_true(i) = next()
    y_pred(i) = real(next(), c_float)
  end do
  call check(squarely_mean_squared_error_float64(y_true, real(y_pred, c_double), int(rows, c_int64_t), mean, error))

  do i = 1, 3
    metrics(i)%name = c_loc(names(i))
  end do
  metrics(3)%parameter = c_loc(alpha)
  options%struct_size = c_sizeof(options)
  options%metrics = c_loc(metrics)
  options%metric_count = 3
  call check(squarely_state_create(options, state, error))
  do first = 1, rows, 600
    last = min(first + 599, rows)
    pairs%y_true = squarely_column(data=c_loc(y_true(first)), stride=8, dtype=SQUARELY_FLOAT64)
    pairs%y_pred = squarely_column(data=c_loc(y_pred(first)), stride=4, dtype=SQUARELY_FLOAT32)
    call check(squarely_state_update(state, pairs, 1_c_size_t, c_null_ptr, int(last - first + 1, c_int64_t), error))
  end do
  call check(squarely_state_digest(state, digest, error))
  call squarely_state_free(state)
  print '(es24.16e3)', mean
  print '(64a1)', digest(1:64)

contains

  ! Fortran has no unsigned integers: 32 bits of them lie in one of 64.
  real(c_double) function next()
    seed = iand(seed * 1664525 + 1013904223, int(z'FFFFFFFF', c_int64_t))
    next = real(shifta(merge(seed - 2_c_int64_t**32, seed, btest(seed, 31)), 4), c_double) / 1048576
  end function

  subroutine check(status)
    integer(c_int32_t), intent(in) :: status
    if (status == SQUARELY_OK) return
    print '(508a1)', error%message
    error stop
  end subroutine
end program
