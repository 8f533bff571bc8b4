"""Weights and sample footage, by name: fetched once, verified, kept in the user's cache, offline afterwards.

`store` turns a name into a file, `registry` is the table of what there is, `footage` finds the demo's video.
Knows files and hashes; what is inside a network is the business of the edge.
"""
