"""What a person who was not chosen is told: by marks alone, or by marks and the prices of bounds. Pure."""
