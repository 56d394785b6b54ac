"""How texts, figures and charts are printed, which is not how they are typed or kept."""
