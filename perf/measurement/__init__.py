"""What perf/run and perf/compare share: the servers that are measured, and what is read off them."""
