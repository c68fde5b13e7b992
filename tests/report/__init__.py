"""Tests of the report, and the example that they share."""
