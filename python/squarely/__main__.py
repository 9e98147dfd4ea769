"""``python -m squarely``: where compiled code finds squarely, for build scripts."""

import argparse

import squarely
from squarely.build import get_pkgconfig_dir, linker_options

__all__ = ["main"]

QUESTIONS = {
    "--include": (squarely.get_include, "directory of the headers"),
    "--libs": (linker_options, "linker options of the C library"),
    "--cmakedir": (squarely.get_cmake_dir, "directory of the CMake package"),
    "--pkgconfigdir": (get_pkgconfig_dir, "directory of squarely.pc"),
}


def main(arguments: list[str] | None = None) -> None:
    """Print what is asked for, one a line."""
    parser = argparse.ArgumentParser(prog="python -m squarely", description="Where compiled code finds squarely.")
    parser.add_argument("--version", action="version", version=squarely.__version__)
    for question, (_, description) in QUESTIONS.items():
        parser.add_argument(
            question, action="append_const", dest="asked", const=question, help=f"print the {description}"
        )
    asked = parser.parse_args(arguments).asked
    if not asked:
        parser.error(f"say what to print: {', '.join(QUESTIONS)} or --version")
    for question in asked:
        print(QUESTIONS[question][0]())


if __name__ == "__main__":
    main()
