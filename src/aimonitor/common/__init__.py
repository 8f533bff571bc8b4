"""What every program needs and none owns: clocks, delays, mailboxes, log lines, settings, SQLite files.

Knows nothing of cameras.
"""
