from Cython.Build import cythonize
from setuptools import Extension, setup

import squarely

setup(
    ext_modules=cythonize(
        Extension("squarely_consumer_cython", ["squarely_consumer_cython.pyx"], include_dirs=[squarely.get_include()])
    )
)
