"""How a fuzz target becomes programs."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def cc_fuzz_target(name, srcs, deps, runs):
    """Makes two programs of a target, and the library :NAME_target of them.

    NAME_fuzz_test is a test that runs everywhere: seeds, recorded finds and
    `runs` mutations of them (a tenth under a sanitizer), in a few seconds.
    NAME_fuzzer is libFuzzer's, for --config=fuzz alone; see the README.
    """
    cc_library(
        name = name + "_target",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        deps = deps,
    )
    cc_test(
        name = name + "_fuzz_test",
        size = "medium",
        args = [
            "--target=" + name,
            "--runs=%d" % runs,
        ],
        data = native.glob(["finds/%s/*" % name]) + [
            "//tests/golden:batches",
            "//tests/golden:coordinator_records",
        ],
        # Small programs, and malloc's own way to be replaced.
        linkstatic = True,
        deps = [
            ":driver",
            ":%s_target" % name,
        ],
    )
    cc_binary(
        name = name + "_fuzzer",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        linkstatic = True,
        tags = ["manual"],
        deps = [
            ":%s_target" % name,
            ":seed_writer",
        ],
    )
