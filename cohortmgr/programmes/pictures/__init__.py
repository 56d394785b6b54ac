"""The picture of a programme: put up by its staff, made small, shown on its public page."""
