"""What the Python suites share: servers to start, peers to talk to, faults to inject."""
