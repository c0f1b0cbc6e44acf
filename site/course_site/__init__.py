"""What makes the course's site: pages from executed lessons, guides and docstrings, and its search."""
