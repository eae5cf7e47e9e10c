"""What runs seldom is made small: rooms that load this cc_library have none of
the loops that are measured, and a program that embeds the log carries all of
them. That is a fifth of such a program.
"""

load("@rules_cc//cc:defs.bzl", native_cc_library = "cc_library")

def cc_library(copts = [], **kwargs):
    native_cc_library(
        copts = copts + select({
            "//engine:optimised": ["-Os"],
            "//conditions:default": [],
        }),
        **kwargs
    )
