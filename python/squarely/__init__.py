from squarely import _core
