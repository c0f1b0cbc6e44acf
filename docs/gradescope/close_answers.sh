#!/bin/sh
# Close a copy of the course to all users but its owner, except for the code that a notebook imports.
# The notebook runs as a user of its own (`course grade --isolation user`), who can then read neither
# lessons, solutions and quiz keys, nor the files of the checks.
set -eu
chmod -R go-rwx "$1"
chmod go+x "$1"
chmod -R go+rX "$1/lib" "$1/harness"
chmod -R go-rwx "$1"/lib/checks/lesson_*
