"""The one place that says which version this is.

The program, its manual and all packages take it from here.
"""

VERSION = "0.1.0"

# The day of that version: what is packaged says this one, whenever it is built.
VERSION_DAY = "2026-11-23"

# A package must name somebody who can be written to, and the project has no
# address: names below .invalid are kept for that, and nobody's (RFC 2606).
MAINTAINER = "The Cauce authors <cauce@cauce.invalid>"
