"""The jury's page: what harmonised marks come to, by which marks a phase is ranked, which readings would tell more."""
