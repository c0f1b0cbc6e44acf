"""The harness of the course: what teachers, authors and CI run. No notebook imports it."""
