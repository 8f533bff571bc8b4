"""Backup and restore: everything that a machine cannot make again, in one file."""
