"""A library of its own out of cc_library targets and all they depend on."""

WholeInfo = provider(
    "What a library is made of.",
    fields = {
        "flags": "what the linker is told besides, in its order",
        "needs": "a file with those flags, one a line",
        "objects": "its objects",
    },
)

def _file(ctx, file):
    """What a target says that makes this one, as data of a test too."""
    return DefaultInfo(
        files = depset([file]),
        runfiles = ctx.runfiles(files = [file]),
    )

def _linked(deps):
    """What links against deps: objects and the linker's flags, each once."""
    objects = {}
    flags = []
    for dep in deps:
        for linked in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linked.libraries:
                # Those that a shared library may hold, where there are others.
                for each in library.pic_objects or library.objects:
                    objects[each] = None
            flags += linked.user_link_flags
    last_first = []
    for flag in reversed(flags):
        # A library stands behind all that need it.
        if flag not in last_first:
            last_first.append(flag)
    return objects.keys(), reversed(last_first)

def _archive_impl(ctx):
    objects, flags = _linked(ctx.attr.deps)
    if ctx.attr.only_of:
        objects = [
            each
            for each in objects
            if each.owner.package.startswith(ctx.attr.only_of)
        ]
    archive = ctx.actions.declare_file("lib%s.a" % ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(archive)
    arguments.add_all(objects)
    arguments.use_param_file("%s", use_always = True)
    arguments.set_param_file_format("multiline")

    # q, not r: two rooms may have a file of the same name. D: no time stamps.
    ctx.actions.run_shell(
        outputs = [archive],
        inputs = objects,
        arguments = [arguments],
        command = """
            set -e
            { read -r archive && mapfile -t objects; } <"$1"
            ar qcsD "$archive" "${objects[@]}"
        """,
        mnemonic = "Archive",
        use_default_shell_env = True,
    )
    needs = ctx.actions.declare_file("lib%s.needs" % ctx.label.name)
    ctx.actions.write(needs, "".join([flag + "\n" for flag in flags]))
    return [
        _file(ctx, archive),
        WholeInfo(flags = flags, needs = needs, objects = objects),
    ]

# lib<name>.a: all objects of deps and of what they depend on, but for what the
# distribution has.
cc_archive = rule(
    implementation = _archive_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        # Where it is said, only the objects of packages that begin so.
        "only_of": attr.string(),
    },
)

def _shared_impl(ctx):
    whole = ctx.attr.archive[WholeInfo]
    library = ctx.actions.declare_file("lib%s.so" % ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add_all([
        "-shared",
        "-fPIC",
        "-O2",
        "-Wl,-soname=" + ctx.attr.soname,
        "-Wl,--version-script=" + ctx.file.exports.path,
        "-Wl,-Bsymbolic",
        "-Wl,--no-undefined",
        "-Wl,--as-needed",
        "-Wl,-z,relro,-z,now",
        "-Wl,--build-id=sha1",
        "-o",
        library,
    ])
    arguments.add_all(whole.objects)
    arguments.add_all(whole.flags)
    arguments.use_param_file("@%s", use_always = True)
    ctx.actions.run(
        executable = "g++",
        arguments = [arguments],
        inputs = whole.objects + [ctx.file.exports],
        outputs = [library],
        mnemonic = "Share",
        use_default_shell_env = True,
    )
    return [_file(ctx, library)]

# lib<name>.so: all objects of a cc_archive, which shows what exports says.
cc_shared = rule(
    implementation = _shared_impl,
    attrs = {
        "archive": attr.label(providers = [WholeInfo]),
        "exports": attr.label(allow_single_file = True),
        "soname": attr.string(),
    },
)

# The processor as Linux calls it, by what Bazel does.
_MACHINES = {"aarch64": "aarch64", "arm64": "aarch64", "k8": "x86_64"}

def _tarball_impl(ctx):
    machine = _MACHINES.get(ctx.var["TARGET_CPU"], ctx.var["TARGET_CPU"])
    name = "cauce-%s-linux-%s" % (ctx.attr.version, machine)
    tarball = ctx.actions.declare_file(name + ".tar.gz")
    places = [
        ("program", ctx.file.program),
        ("libcauce.a", ctx.file.archive),
        ("libcauce.needs", ctx.attr.archive[WholeInfo].needs),
        ("libcauce_log.a", ctx.file.log),
        ("libcauce_log.needs", ctx.attr.log[WholeInfo].needs),
        ("libcauce.so", ctx.file.shared),
        ("license", ctx.file.license),
    ]
    many = [
        ("header", ctx.files.headers),
        ("pc", ctx.files.pkg_config),
        ("cmake", ctx.files.cmake),
    ]
    arguments = ctx.actions.args()
    arguments.add_all([name, ctx.attr.version, tarball])
    inputs = []
    for kind, file in places:
        arguments.add_all([kind, file])
        inputs.append(file)
    for kind, files in many:
        for file in files:
            arguments.add_all([kind, file])
        inputs += files
    ctx.actions.run(
        executable = ctx.executable.script,
        arguments = [arguments],
        inputs = inputs,
        outputs = [tarball],
        mnemonic = "Tarball",
        use_default_shell_env = True,
    )
    return [_file(ctx, tarball)]

# cauce-<version>-linux-<machine>.tar.gz
tarball = rule(
    implementation = _tarball_impl,
    attrs = {
        "archive": attr.label(allow_single_file = True, providers = [WholeInfo]),
        "cmake": attr.label_list(allow_files = True),
        "headers": attr.label_list(allow_files = True),
        "license": attr.label(allow_single_file = True),
        "log": attr.label(allow_single_file = True, providers = [WholeInfo]),
        "pkg_config": attr.label_list(allow_files = True),
        "program": attr.label(allow_single_file = True),
        "script": attr.label(
            allow_single_file = True,
            cfg = "exec",
            executable = True,
        ),
        "shared": attr.label(allow_single_file = True),
        "version": attr.string(),
    },
)

# The processor as Debian calls it.
_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64", "k8": "amd64"}

def _debs_impl(ctx):
    cpu = ctx.var["TARGET_CPU"]
    debs = [
        ctx.actions.declare_file("%s_%s_%s.deb" % (
            name,
            ctx.attr.version,
            _ARCHITECTURES.get(cpu, cpu),
        ))
        for name in ["libcauce0", "libcauce-dev", "cauce"]
    ]
    arguments = ctx.actions.args()
    arguments.add_all([
        ctx.attr.version,
        ctx.attr.day,
        # Who hands them on says who that is, for one build.
        ctx.var.get("maintainer", ctx.attr.maintainer),
        ctx.file.tarball,
    ])
    arguments.add_all(debs)
    ctx.actions.run(
        executable = ctx.executable.script,
        arguments = [arguments],
        inputs = [ctx.file.tarball],
        outputs = debs,
        mnemonic = "Debs",
        use_default_shell_env = True,
    )
    return [DefaultInfo(
        files = depset(debs),
        runfiles = ctx.runfiles(files = debs),
    )]

# libcauce0, libcauce-dev and cauce, each _<version>_<architecture>.deb
debs = rule(
    implementation = _debs_impl,
    attrs = {
        "day": attr.string(),
        "maintainer": attr.string(),
        "script": attr.label(
            allow_single_file = True,
            cfg = "exec",
            executable = True,
        ),
        "tarball": attr.label(allow_single_file = True),
        "version": attr.string(),
    },
)
