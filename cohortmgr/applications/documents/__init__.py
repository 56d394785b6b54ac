"""The papers of a file: sending them, examining them, and checking figures on them.

`cleaning` takes them apart in a process of its own, with `blank_pages` and `page_pictures`; `figures` compares what was
read on them.
"""
