"""The repositories that Cauce's build files name, for workspaces that have it.

In a WORKSPACE beside a checkout of Cauce in `path`:

    local_repository(name = "cauce", path = path)
    load("@cauce//tools/bazel:repositories.bzl", "cauce_repositories")
    cauce_repositories(path)
"""

def cauce_repositories(path):
    """Names those that the workspace has not named yet: none is downloaded."""
    local = {
        "remote_coverage_tools": path + "/tools/bazel/coverage",
        "rules_cc": path + "/tools/bazel/rules_cc",
        "rules_java": "/usr/share/bazel/rules/java",
        "rules_proto": "/usr/share/bazel/rules/proto",
    }
    for name, place in local.items():
        if not native.existing_rule(name):
            native.local_repository(name = name, path = place)
    if not native.existing_rule("system"):
        native.new_local_repository(
            name = "system",
            build_file = "@cauce//tools/bazel:system.BUILD",
            path = "/usr",
        )
