"""How texts and figures are printed, which is not how they are typed or kept."""
