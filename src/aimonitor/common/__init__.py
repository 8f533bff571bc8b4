"""What every program needs and none owns: clocks, delays, mailboxes, log lines, settings. Knows nothing of cameras."""
