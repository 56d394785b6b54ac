"""What each room says of itself in its wiring: its places in the bars, and what stands and waits in the workspace."""
