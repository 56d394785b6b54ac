"""Who runs the site and who hosts each programme: names, marks, how to reach them, and what their notices say."""
