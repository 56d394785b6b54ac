"""Saving what people type into their files, and bringing drafts to an amended form."""
