"""`aimonitor doctor`: each part of an installation is tried for real, and what fails is said with the next step.

A check takes a `Case` and yields findings; it changes nothing and leaves nothing behind. `rounds` names all checks.
"""
