"""Measures against ground truth, by the definitions of the field."""
