"""The follower and all it is made of, for many objects at once: in columns of numpy instead of number by number."""
