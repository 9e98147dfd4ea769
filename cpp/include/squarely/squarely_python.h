/* squarely.h for a Python extension that links nothing: its functions are found when the extension is imported.

       #include <Python.h>
       #include <squarely/squarely_python.h>

       PyMODINIT_FUNC PyInit_mine(void) {
           if (squarely_import() < 0) return NULL;
           ...
       }

       squarely_functions->mean_squared_error_float64(y_true, y_pred, rows, &value, &error);

   squarely_import returns 0, or -1 with an ImportError set. In C every source file that calls has a pointer of its own
   and imports for itself; in C++ one for all files of an extension does. The functions need no GIL: release it around
   long calls. */
#ifndef SQUARELY_SQUARELY_PYTHON_H
#define SQUARELY_SQUARELY_PYTHON_H

#ifndef Py_PYTHON_H
#error "Include Python.h before squarely_python.h."
#endif

#include "squarely.h"

#ifdef __cplusplus
__attribute__((visibility("hidden"))) inline const squarely_api* squarely_functions = nullptr;
inline int squarely_import(void) {
#else
static const squarely_api* squarely_functions = NULL;
static inline int squarely_import(void) {
#endif
    const squarely_api* found = (const squarely_api*)PyCapsule_Import("squarely._core.c_api", 0);
    if (found == NULL) return -1;
    if (found->abi_version != SQUARELY_ABI_VERSION || found->struct_size < sizeof(squarely_api)) {
        /* Of a table that is not known nothing else may be asked. */
        PyErr_Format(PyExc_ImportError,
                     "This extension was compiled for version %d of squarely's C interface, with a table of %zu bytes "
                     "or more. The squarely that is installed has version %u with %u bytes. Install a newer squarely.",
                     SQUARELY_ABI_VERSION, sizeof(squarely_api), (unsigned)found->abi_version,
                     (unsigned)found->struct_size);
        return -1;
    }
    squarely_functions = found;
    return 0;
}

#endif
