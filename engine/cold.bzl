"""What runs seldom is made small: rooms that load this cc_library have few of
the loops that are measured, and a program that embeds the log carries all of
them. That is a fifth of such a program.
"""

load("@rules_cc//cc:defs.bzl", native_cc_library = "cc_library")

def cc_library(copts = [], hot = False, **kwargs):
    """A library that is made small.

    Args:
      copts: as of any library.
      hot: made quick, as all others are: it has a loop that is measured, such
        as what the opening of a directory does for each of its partitions.
      **kwargs: as of any library.
    """
    native_cc_library(
        copts = copts + ([] if hot else select({
            "//engine:optimised": ["-Os"],
            "//conditions:default": [],
        })),
        **kwargs
    )
