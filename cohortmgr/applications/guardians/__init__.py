"""The consent of the guardians of children who apply."""
