// Letting go of the interpreter, and taking it again: where signals are heard, and where threads are when Python ends.
#include "binding/binding.hpp"
#include "machine/long_call.hpp"

#include <exception>
#include <new>

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#endif

namespace squarely {
namespace {

// The interpreter ends, and never comes back to this thread. To end the thread, as Python before 3.14 does, would
// unwind C++ that must not be.
[[noreturn]] void wait_for_the_end_of_the_process() {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

bool is_ending() {
#if PY_VERSION_HEX >= 0x030d0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

void take_interpreter(PyThreadState* thread) {
    if (is_ending()) wait_for_the_end_of_the_process();
#if defined(__GLIBCXX__)
    try {
        PyEval_RestoreThread(thread);
    } catch (abi::__forced_unwind&) {
        wait_for_the_end_of_the_process();
    }
#else
    PyEval_RestoreThread(thread);
#endif
}

class PythonCall : public LongCall {
  public:
    void let_go() { thread_ = PyEval_SaveThread(); }
    void come_back() { take_interpreter(thread_); }

  protected:
    void ask() override {
        come_back();
        if (PyErr_CheckSignals() != 0) {
            const py::error_already_set interrupted;
            let_go();
            throw interrupted;
        }
        let_go();
    }

  private:
    PyThreadState* thread_ = nullptr;
};

}  // namespace

void without_the_interpreter(const std::function<void()>& job) {
    PythonCall call;
    std::exception_ptr failure;
    call.let_go();
    try {
        job();
    } catch (...) {
        failure = std::current_exception();
    }
    call.come_back();  // not in a destructor, which nothing may leave but by its end
    if (failure) std::rethrow_exception(failure);
}

PyObject* error_for_exception() noexcept {
    try {
        throw;
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    } catch (const std::exception& error) {
        if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

}  // namespace squarely
