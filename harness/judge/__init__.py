"""The judge: runs checks in a process of its own and asks the student's process for values."""
