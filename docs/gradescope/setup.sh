#!/bin/sh
# Gradescope runs this once, as root, when it builds the autograder's image.
# The zip that you upload holds this file, run_autograder, and the course in the folder `course`.
set -eu
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv
python3 -m venv /autograder/python
/autograder/python/bin/pip install -r /autograder/source/course/requirements.lock
/autograder/python/bin/pip install --no-deps -e /autograder/source/course
sh "$(dirname "$0")/close_answers.sh" /autograder/source/course
